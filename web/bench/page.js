/** The page's half: hands tiles of a picture to a pool of workers and takes the time. */

const CONDITION = new Float32Array([0.1, 0.3, 0.2, 0.4, 1]);

let longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
}).observe({ entryTypes: ["longtask"] });

class Worked {
  constructor({ worker, threads }) {
    this.worker = new Worker(`${worker}.js?threads=${threads}`, { type: "module" });
  }

  ask(message, transfer = []) {
    return new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Error(event.message));
      this.worker.onmessage = ({ data }) =>
        data.error ? reject(new Error(data.error)) : resolve(data);
      this.worker.postMessage(message, transfer);
    });
  }
}

/** Windows with their halo, cut to the picture; sides even. */
function windows(side, tile, halo) {
  const all = [];
  const cut = (at) => [Math.max(at - halo, 0), Math.min(at + tile + halo, side)];
  for (let y = 0; y < side; y += tile) {
    for (let x = 0; x < side; x += tile) all.push([...cut(y), ...cut(x)]);
  }
  return all;
}

async function pass(pool, side, tile, halo) {
  const waiting = windows(side, tile, halo);
  const start = performance.now();
  await Promise.all(
    pool.map(async (worked) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [y0, y1, x0, x1] = next;
        const pixels = new Float32Array((y1 - y0) * (x1 - x0) * 3).fill(0.5);
        const message = { tile: pixels, height: y1 - y0, width: x1 - x0, condition: CONDITION };
        await worked.ask(message, [pixels.buffer]);
      }
    }),
  );
  return (performance.now() - start) / 1000;
}

/** @returns seconds to start, seconds of each pass, longest task of this page in ms */
globalThis.measure = async ({ setup, worker, workers, threads, side, tile, halo, passes }) => {
  const start = performance.now();
  const pool = Array.from({ length: workers }, () => new Worked({ worker, threads }));
  await Promise.all(pool.map((worked) => worked.ask({ setup })));
  const started = (performance.now() - start) / 1000;
  longest = 0;
  const seconds = [];
  await pass(pool, tile, tile, halo);
  for (let i = 0; i < passes; i++) seconds.push(await pass(pool, side, tile, halo));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const { worker: running } of pool) running.terminate();
  return { started, seconds, longest };
};

/** One tile through one worker. */
globalThis.residual = async ({ setup, worker, threads, tile, height, width, condition }) => {
  const worked = new Worked({ worker, threads });
  const about = (await worked.ask({ setup })).about;
  const message = { height, width, condition: new Float32Array(condition) };
  const answer = await worked.ask({ tile: new Float32Array(tile), ...message });
  worked.worker.terminate();
  return { ...about, ...answer.about, residual: Array.from(answer.residual) };
};
