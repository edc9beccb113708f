//! The implementation of the runtime with wasmtime.

mod calls;
mod data;
mod engine;
mod functions;
mod functions_count;
mod host;
mod imports;
mod program;
mod ticker;
mod times;
mod types;

pub(crate) use engine::WasmRuntime;
