use seaworthy::{config::Reloadable, prelude::*};

use crate::config::{PaymentConfig, ProviderConfig};

/// The API key of the provider. Its ID and its secret change together.
#[derive(Clone)]
pub(super) struct ApiKey {
    pub(super) id: String,
    pub(super) secret: Secret<String>,
}

impl ApiKey {
    /// Returns the key of the settings, or `None` if it is incomplete.
    fn from_config(config: &ProviderConfig) -> Option<Self> {
        let secret = config.key_secret.clone()?;
        let id = config.key_id.clone();
        (!id.is_empty()).then_some(Self { id, secret })
    }
}

/// The API key that follows the settings (CONF-5). A reload reads the ID and the secret together.
#[derive(Clone)]
pub(super) struct ApiKeys {
    settings: Reloadable<PaymentConfig>,
    /// The key at the start. The service uses it while the settings have an incomplete key.
    first: ApiKey,
}

impl ApiKeys {
    /// # Errors
    /// [`StartError`] for an incomplete key.
    pub(super) fn new(settings: Reloadable<PaymentConfig>) -> Result<Self, StartError> {
        let first = ApiKey::from_config(&settings.load().provider).ok_or_else(|| {
            StartError::new("provider.key_id and provider.key_secret must be set")
        })?;
        Ok(Self { settings, first })
    }

    pub(super) fn current(&self) -> ApiKey {
        ApiKey::from_config(&self.settings.load().provider).unwrap_or_else(|| self.first.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use seaworthy::config::{Environment, Loader, Schema, Watcher};

    use super::*;

    #[tokio::test]
    async fn id_and_secret_change_together_conf_5() {
        let folder = tempfile::tempdir().unwrap();
        let [settings, secret] = ["config.yaml", "secret"].map(|name| folder.path().join(name));
        let write = |id: &str, key: &str| {
            let reference = secret.display();
            let text = format!("provider: {{ key_id: {id:?}, key_secret: \"file:{reference}\" }}");
            fs::write(&settings, text).unwrap();
            fs::write(&secret, key).unwrap();
        };
        write("rzp_1", "first");
        let loader = Loader::new("payment")
            .directory(folder.path())
            .environment(Environment::default());
        let schema = Schema::from_settings::<PaymentConfig>();
        let loaded = loader.load(&schema).unwrap();
        let watcher = Watcher::new(loader, schema, loaded);
        let keys = ApiKeys::new(watcher.reloadable().unwrap()).unwrap();
        let current = || {
            let key = keys.current();
            (key.id, key.secret.expose().clone())
        };
        let pair = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
        assert_eq!(current(), pair("rzp_1", "first"));
        write("rzp_2", "second");
        let reloaded = watcher.reload().await.unwrap();
        assert_eq!(reloaded.needs_restart, [""; 0]);
        assert_eq!(current(), pair("rzp_2", "second"));
        // Settings without an ID do not change the key to one that the provider rejects.
        write("", "third");
        watcher.reload().await.unwrap();
        assert_eq!(current(), pair("rzp_1", "first"));
    }

    #[test]
    fn incomplete_key_stops_the_start_conf_1() {
        let settings = Reloadable::fixed(PaymentConfig::default());
        let error = ApiKeys::new(settings).err().unwrap();
        assert!(error.to_string().contains("provider.key_id"), "{error}");
    }
}
