location.protocol==="file:"&&(document.getElementById("from-disk").hidden=!1);
