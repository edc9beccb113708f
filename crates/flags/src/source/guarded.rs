use futures::future::BoxFuture;
use seaworthy_config::{Profile, Settings};
use seaworthy_core::Switches;
use seaworthy_service::{Assembly, Component, Stage, StartError};

use crate::{Flags, FlagsConfig, switch::Guard};

/// Connects flags to the switches of a service after its assembly, which registers them.
pub(super) struct GuardedStart {
    flags: Flags,
    switches: Switches,
    config: FlagsConfig,
    profile: Profile,
}

impl GuardedStart {
    pub(super) fn new<C: Settings>(
        service: &Assembly<C>,
        config: &FlagsConfig,
        flags: &Flags,
    ) -> Self {
        Self {
            flags: flags.clone(),
            switches: service.switches().clone(),
            config: config.clone(),
            profile: service.profile(),
        }
    }
}

impl Component for GuardedStart {
    fn name(&self) -> &str {
        "flag-switches"
    }

    fn stage(&self) -> Stage {
        Stage::Worker
    }

    fn check(&self) -> Result<(), StartError> {
        let (prefix, allowed) = (&self.config.switch_prefix, &self.config.allowed_switches);
        let known = self.switches.list();
        for name in allowed {
            if known.iter().all(|(known, _)| known != name) {
                let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
                return Err(StartError::new(format!(
                    "allowed_switches contains {name:?}, which is not a part of this service: use {}",
                    names.join(", ")
                )));
            }
        }
        let guard = Guard::new(&self.switches, prefix, self.profile, allowed);
        let _ = self.flags.0.guard.set(guard);
        self.flags.apply_switches();
        Ok(())
    }

    fn request_stop(&self) {}

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn unfinished_work(&self) -> Vec<String> {
        Vec::new()
    }

    fn abort(&self) {}
}
