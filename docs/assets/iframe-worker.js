// A browser starts no worker of a page that is opened from a disk: the search then runs in
// a hidden frame. The theme would load a script for this from a server.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inner = this.frame.contentWindow;
      inner.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.onmessage?.(event);
        this.dispatchEvent(event);
      };
      const script = inner.document.createElement("script");
      this.loaded = new Promise((resolve) => script.addEventListener("load", resolve));
      script.src = url;
      inner.document.body.append(script);
    }

    postMessage(data) {
      const inner = this.frame.contentWindow;
      const send = () => inner.dispatchEvent(new inner.MessageEvent("message", { data }));
      this.loaded.then(send);
    }

    terminate() {
      this.frame.remove();
    }
  };
}
