//! What a service was started with: its settings, their places, and what preflight makes of them.

use seaworthy_config::{ConfigErrors, Loaded, Loader, Origin, Profile, Schema, Settings};

use crate::{
    config::FrameworkConfig,
    preflight::{self, Facts, Setting, Violation},
};

/// The settings of a service whose own settings are `C`.
pub(crate) fn schema<C: Settings>() -> Schema {
    Schema::of::<FrameworkConfig>().and::<C>()
}

/// What preflight has against the settings.
pub(crate) fn violations(loaded: &Loaded) -> Vec<Violation> {
    preflight::check(&facts(loaded))
}

/// Whether the profile refuses what preflight finds, or only warns.
pub(crate) fn refuses(profile: Profile) -> bool {
    profile == Profile::Production
}

/// Whether the profile's lines are read by machines.
pub(crate) fn is_deployed(profile: Profile) -> bool {
    matches!(profile, Profile::Staging | Profile::Production)
}

/// Loads without running the service, for the commands that look at settings. Without a runtime, secrets behind `vault:` are mistakes.
pub(crate) fn load(loader: &Loader, schema: &Schema) -> Result<Loaded, ConfigErrors> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(loader.load_async(schema)),
        Err(_) => loader.load(schema),
    }
}

fn facts(loaded: &Loaded) -> Facts {
    let inline = loaded.inline_secrets();
    let mut facts = Facts::default();
    for shown in loaded.values() {
        let origin = shown.origin;
        let setting = Setting {
            is_default: loaded.origin(&shown.key) == Some(Origin::Default),
            is_inline_secret: inline.iter().any(|secret| secret.key == shown.key),
            value: shown.value,
            origin,
        };
        match list_of(&shown.key) {
            Some(list) => facts.insert_item(list, setting),
            None => facts.insert(shown.key, setting),
        }
    }
    loaded.each_secret(|key, secret| facts.insert_secret(key, secret));
    facts
}

/// The key of the list that an item such as `origins[2]` belongs to.
fn list_of(key: &str) -> Option<&str> {
    let (list, index) = key.strip_suffix(']')?.rsplit_once('[')?;
    index
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(list)
}
