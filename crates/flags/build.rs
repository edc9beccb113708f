//! Compiles the contracts of flagd and of the tests for the feature `grpc`.

/// Needs the compiler of contracts, which is a dependency only with the feature.
#[cfg(feature = "grpc")]
mod contracts {
    use std::{env, fs, io::Write as _, path::PathBuf};

    use seaworthy_contract_build::{Access, Builder};

    const EVALUATION: [&str; 7] = [
        "ResolveAll",
        "ResolveBoolean",
        "ResolveString",
        "ResolveFloat",
        "ResolveInt",
        "ResolveObject",
        "EventStream",
    ];
    const SYNC: [&str; 3] = ["SyncFlags", "FetchAllFlags", "GetMetadata"];

    pub(super) fn compile() -> Result<(), Box<dyn std::error::Error>> {
        let methods = |service: &'static str, names: &'static [&str]| {
            names.iter().map(move |name| format!("{service}.{name}"))
        };
        // The implementation checks the caller, because each service decides who reads its flags.
        methods("flagd.evaluation.v1.Service", &EVALUATION)
            .chain(methods("flagd.evaluation.v2.Service", &EVALUATION))
            .chain(methods("flagd.sync.v1.FlagSyncService", &SYNC))
            .fold(Builder::new("flagd", "1.0"), |builder, method| {
                builder.access(method, Access::Optional)
            })
            .compile(
                &[
                    "contract/flagd/evaluation/v1/evaluation.proto",
                    "contract/flagd/evaluation/v2/evaluation.proto",
                    "contract/flagd/sync/v1/sync.proto",
                ],
                &["contract"],
            )?;
        let reports = PathBuf::from(env::var("OUT_DIR")?).join("reports");
        fs::create_dir_all(&reports)?;
        Builder::new("Reports", "1.0")
            .out_dir(reports)
            .compile(&["tests/contract/reports.proto"], &["tests/contract"])?;
        writeln!(std::io::stdout(), "cargo::rerun-if-changed=tests/contract")?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "grpc")]
    contracts::compile()?;
    Ok(())
}
