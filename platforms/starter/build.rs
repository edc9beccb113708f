//! Compiles the contracts.

use seaworthy_contract_build::Builder;

/// Methods without idempotency keys, as in `api::contracts`: those with passwords, codes or tokens,
/// and the logout.
const WITHOUT_IDEMPOTENCY_KEY: [&str; 10] = [
    "auth.v1.ApiKeys.CreateApiKey",
    "auth.v1.Auth.GetCaptcha",
    "auth.v1.Auth.Login",
    "auth.v1.Auth.Logout",
    "auth.v1.Auth.RefreshToken",
    "auth.v1.Auth.Register",
    "auth.v1.Auth.VerifyCaptcha",
    "auth.v1.SecondFactor.ConfirmTotp",
    "auth.v1.SecondFactor.DisableTotp",
    "auth.v1.SecondFactor.EnrollTotp",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let builder = WITHOUT_IDEMPOTENCY_KEY.into_iter().fold(
        Builder::new("Starter", "1.0"),
        Builder::without_idempotency_key,
    );
    builder
        .idempotency_keys(true)
        // The JSON names are those of the protos.
        .contract_names(true)
        .write_defaults(true)
        .error_format(
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
