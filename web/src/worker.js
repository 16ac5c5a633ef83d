// Placeholder until the worker is written.
import { loadNetwork } from "./network.js";
onmessage = ({ data }) => loadNetwork(data.bytes, data.backend, data.wasmUrl);
