//! Compiles the contracts.

use seaworthy_contract_build::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new("Starter", "1.0")
        // The JSON names are those of the protos.
        .contract_names(true)
        .write_defaults(true)
        .error_form(
            "application/problem+json",
            serde_json::from_str(include_str!("contract/error.schema.json"))?,
        )
        .compile(
            &[
                "contract/common/v1/error.proto",
                "contract/auth/v1/api_keys.proto",
                "contract/auth/v1/auth.proto",
                "contract/auth/v1/profile.proto",
                "contract/auth/v1/second_factor.proto",
                "contract/conf/v1/conf.proto",
                "contract/feature/v1/feature.proto",
                "contract/helloworld/v1/greeter.proto",
                "contract/oplog/v1/oplog.proto",
            ],
            &["contract"],
        )?;
    Ok(())
}
