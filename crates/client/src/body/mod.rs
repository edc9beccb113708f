//! Bodies of requests and responses.

mod decompress;
mod receive;
mod request;
mod response;

pub(crate) use decompress::Encoding;
pub(crate) use receive::{Bound, Received};
pub use request::RequestBody;
pub use response::ResponseBody;
