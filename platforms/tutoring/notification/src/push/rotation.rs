use std::sync::Arc;

use seaworthy::prelude::*;
use tokio::sync::watch;

use crate::config::NotificationConfig;

/// The account of a push service: a key, its ID, and the tokens that it signed.
pub(super) trait PushAccount: Send + Sync + Sized + 'static {
    /// The section of its settings.
    const SECTION: &str;

    /// Reads the account of the settings.
    ///
    /// # Errors
    /// [`StartError`] for a missing setting or an invalid key.
    fn read(settings: &NotificationConfig) -> Result<Self, StartError>;

    /// Whether the settings still have this account.
    fn is_current(&self, settings: &NotificationConfig) -> bool;
}

/// The account that follows the settings (CONF-5). A reload reads the ID and the key together.
pub(super) struct Account<A>(watch::Receiver<Arc<A>>);

impl<A: PushAccount> Account<A> {
    /// Reads the account, and reads it again after each reload. A reload with an invalid account is
    /// logged as an error and changes nothing.
    ///
    /// # Errors
    /// Those of [`PushAccount::read`].
    pub(super) fn follow(service: &Assembly<NotificationConfig>) -> Result<Self, StartError> {
        let account = A::read(service.settings())?;
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
                    if sender.borrow().is_current(&settings) {
                        continue;
                    }
                    match A::read(&settings) {
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

    pub(super) fn current(&self) -> Arc<A> {
        Arc::clone(&self.0.borrow())
    }
}
