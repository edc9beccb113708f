//! Compiles the message whose JSON is measured.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Bench", "1.0")
        .compile(&["contract/seaworthy/bench/v1/order.proto"], &["contract"])?;
    Ok(())
}
