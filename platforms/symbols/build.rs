//! Compiles the contract.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Symbols", "1.0")
        .write_defaults(true)
        .idempotency_keys(true)
        .error_format(
            "application/problem+json",
            serde_json::from_str(include_str!("contract/error.schema.json"))?,
        )
        .compile(
            &[
                "contract/service/symbols/v1/symbols.proto",
                "contract/events/symbols/v1/events.proto",
            ],
            &["contract"],
        )?;
    Ok(())
}
