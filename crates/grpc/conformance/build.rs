//! Compiles the contract of the conformance service.

use seaworthy_contract_build::{Access, Builder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The file belongs to the Connect project and is not edited.
    let methods = [
        "Unary",
        "ServerStream",
        "ClientStream",
        "BidiStream",
        "Unimplemented",
        "IdempotentUnary",
    ];
    let builder = Builder::new("Conformance", "1.0");
    let builder = methods.iter().fold(builder, |builder, method| {
        let name = format!("connectrpc.conformance.v1.ConformanceService.{method}");
        builder.access(name, Access::Public)
    });
    builder.compile(
        &["contract/connectrpc/conformance/v1/service.proto"],
        &["contract"],
    )?;
    Ok(())
}
