use seaworthy::prelude::*;

use crate::contract::helloworld::v1::{self as wire, HelloReply, HelloRequest};

/// Implements `helloworld.v1.Greeter`.
#[derive(Debug)]
pub(super) struct Greeter;

impl wire::Greeter for Greeter {
    async fn say_hello(&self, request: HelloRequest) -> Result<HelloReply, Error> {
        Ok(HelloReply {
            message: format!("Hello {}", request.name),
        })
    }
}
