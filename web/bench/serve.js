/** A worker's half of the talk with page.js. */

/** @param {(setup: object) => Promise<{run: Function, about: Function}>} start */
export function serve(start) {
  let runtime;
  self.onmessage = async ({ data }) => {
    try {
      if (data.setup) {
        runtime = await start(data.setup);
        self.postMessage({ about: runtime.about() });
      } else {
        const { tile, height, width, condition } = data;
        const residual = await runtime.run(tile, height, width, condition);
        self.postMessage({ residual, about: runtime.about() });
      }
    } catch (error) {
      self.postMessage({ error: String(error?.stack ?? error) });
    }
  };
}
