//! The implementation of the runtime with wasmtime.

mod calls;
mod data;
mod engine;
mod functions;
mod host;
mod imports;
mod program;
mod ticker;
mod types;

pub(crate) use engine::WasmRuntime;
