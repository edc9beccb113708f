use seaworthy::prelude::*;

/// The flags of the contract for parts that cannot be turned off: stored values stay encrypted,
/// logs stay redacted, orchestrators need probes and metrics, paths keep their version, and plugins
/// run in a sandbox. The service cannot start without its settings.
const ALWAYS_ON: [&str; 7] = [
    "api_versioning",
    "data_encryption",
    "health_check",
    "plugin_sandbox",
    "sensitive_data",
    "system.config",
    "system.monitoring",
];

/// Checks that a flag is not one of a part that is always on.
///
/// # Errors
/// `FLAG_ALWAYS_ON`.
pub(crate) fn check_can_be_off(flag: &str) -> Result<(), Error> {
    if ALWAYS_ON.contains(&flag) {
        let message = "this part of the service cannot be turned off";
        return Err(Error::new(Code::Invalid, "FLAG_ALWAYS_ON", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::OnceLock};

    use seaworthy::{
        config::Loader,
        contract::{ContractMethod, MethodFlag},
    };
    use seaworthy_testkit::database::EmptyDatabase;

    use super::*;
    use crate::{
        NAME,
        config::StarterConfig,
        contract::{
            auth::v1::{ApiKeysMethod, AuthMethod, ProfileMethod, SecondFactorMethod},
            oplog::v1::OperationLogMethod,
        },
        features::KNOWN,
        service::{assemble, service},
    };

    /// Returns the names of the parts that the running service can turn off.
    async fn switches() -> Vec<&'static str> {
        let database = EmptyDatabase::sqlite().unwrap();
        let loader = Loader::for_tests(NAME).overrides([
            format!("data.database.url={}", database.url()).as_str(),
            "data.database.migrate_at_start=true",
            "health.addr=127.0.0.1:0",
            "auth.jwt_secret_key=Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e",
            "kms.seed=correct-horse-battery-staple-and-a-seed",
            "kms.salt=0123456789abcdef",
        ]);
        let switches = OnceLock::new();
        let running = service()
            .start::<StarterConfig, _>(loader, async |service| {
                assemble(service).await?;
                let _ = switches.set(service.switches().clone());
                Ok(())
            })
            .await
            .unwrap();
        let switches = switches.into_inner().unwrap();
        let mut names: Vec<_> = switches.list().into_iter().map(|(name, _)| name).collect();
        names.extend(switches.groups());
        running.stop().await;
        names
    }

    /// Returns the flags that methods require.
    fn required<M: ContractMethod>() -> impl Iterator<Item = &'static str> {
        let methods = M::ALL.iter();
        let flags = methods.filter_map(|method| method.required_flag());
        flags.map(|flag: MethodFlag| flag.key)
    }

    #[tokio::test]
    async fn every_flag_of_a_part_has_an_effect_flag_2() {
        let switches = switches().await;
        let parts = KNOWN
            .lines()
            .filter(|line| line.contains("tags: [framework]") || line.contains("tags: [service]"))
            .filter_map(|line| line.split(':').next());
        let parts: BTreeSet<_> = parts.collect();
        let effective: BTreeSet<_> = ALWAYS_ON
            .into_iter()
            .chain(switches)
            .chain(required::<AuthMethod>())
            .chain(required::<ApiKeysMethod>())
            .chain(required::<ProfileMethod>())
            .chain(required::<SecondFactorMethod>())
            .chain(required::<OperationLogMethod>())
            .collect();
        // A build without plugins has no system of plugins.
        let without_effect = parts.difference(&effective).copied();
        let unexpected = without_effect
            .filter(|flag| cfg!(feature = "plugins") || *flag != "plugin_system")
            .collect::<Vec<_>>();
        assert!(unexpected.is_empty(), "{unexpected:?}");
        // A part of the framework that is not in the contract.
        let unlisted: Vec<_> = effective.difference(&parts).copied().collect();
        assert_eq!(unlisted, ["access_log"]);
    }
}
