//! Compiles the contract of the benchmarks.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Bench", "1.0")
        .compile(&["contract/seaworthy/bench/v1/order.proto"], &["contract"])?;
    Ok(())
}
