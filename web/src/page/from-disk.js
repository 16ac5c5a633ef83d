// Says why nothing is restored on a page that was opened from a disk. This is no module, since
// browsers do not run modules there.

if (location.protocol === "file:") document.getElementById("from-disk").hidden = false;
