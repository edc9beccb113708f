use std::sync::Arc;

use seaworthy_config::Settings;
use seaworthy_service::{Assembly, StartError};
use tokio::sync::watch;

/// The account of a push service: a key, its ID, and the tokens that it signed.
pub(crate) trait PushAccount: Send + Sync + Sized + 'static {
    /// Its settings.
    type Config: 'static;
    /// The section of its settings.
    const SECTION: &str;

    /// Reads the account of the settings.
    ///
    /// # Errors
    /// [`StartError`] for a missing setting or an invalid key.
    fn read(config: &Self::Config) -> Result<Self, StartError>;

    /// Whether the settings still have this account.
    fn is_current(&self, config: &Self::Config) -> bool;
}

/// The account that follows the settings (CONF-5). A reload reads the ID and the key together.
pub(crate) struct Account<A>(watch::Receiver<Arc<A>>);

impl<A: PushAccount> Account<A> {
    /// Reads the account, and reads it again after each reload. A reload with an invalid account is
    /// logged as an error and changes nothing.
    ///
    /// # Errors
    /// Those of [`PushAccount::read`].
    pub(crate) fn follow<C: Settings>(
        service: &Assembly<C>,
        select: fn(&C) -> &A::Config,
    ) -> Result<Self, StartError> {
        let account = A::read(select(service.settings()))?;
        let (sender, receiver) = watch::channel(Arc::new(account));
        let (sender, settings) = (Arc::new(sender), service.reloadable());
        let task = format!("reload {}", A::SECTION);
        service.tasks().supervise(task, move |stop| {
            let (sender, mut settings) = (Arc::clone(&sender), settings.clone());
            async move {
                loop {
                    tokio::select! {
                        () = settings.changed() => {}
                        () = stop.requested() => return,
                    }
                    let settings = settings.snapshot();
                    let config = select(&settings);
                    if sender.borrow().is_current(config) {
                        continue;
                    }
                    match A::read(config) {
                        Ok(account) => drop(sender.send_replace(Arc::new(account))),
                        Err(error) => {
                            let error = error.to_string();
                            tracing::error!(
                                error,
                                section = A::SECTION,
                                "the key of a push service could not be reloaded"
                            );
                        }
                    }
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Returns the account of the current settings.
    pub(crate) fn current(&self) -> Arc<A> {
        Arc::clone(&self.0.borrow())
    }
}
