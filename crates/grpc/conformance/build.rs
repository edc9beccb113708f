//! Compiles the contract of the conformance service.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Conformance", "1.0").compile(
        &["contract/connectrpc/conformance/v1/service.proto"],
        &["contract"],
    )?;
    Ok(())
}
