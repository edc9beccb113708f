//! Components run by wasmtime.

mod engine;
mod host;
mod imports;
mod program;
mod ticker;
mod types;

pub(crate) use engine::WasmRuntime;
