//! Generates Rust code, JSON and OpenAPI from the `.proto` files.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("City Events", "1.0").internal(true).compile(
        &[
            "proto/city_events/auth/v1/auth.proto",
            "proto/city_events/event/v1/event.proto",
            "proto/city_events/join/v1/join.proto",
        ],
        &["proto"],
    )?;
    Ok(())
}
