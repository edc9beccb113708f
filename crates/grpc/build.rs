//! Compiles the contract of the health service.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Health", "1.0")
        .compile(&["contract/grpc/health/v1/health.proto"], &["contract"])?;
    Ok(())
}
