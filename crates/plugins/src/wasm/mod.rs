//! The implementation of the runtime with wasmtime.

mod binary;
mod bulk;
mod call_state;
mod calls;
mod component_size;
mod data;
mod engine;
mod functions;
mod imports;
mod program;
mod ticker;
mod times;
mod types;

pub(crate) use engine::WasmRuntime;
