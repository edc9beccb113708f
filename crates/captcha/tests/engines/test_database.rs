use std::sync::Arc;

use parking_lot::Mutex;
use seaworthy_captcha::{
    CaptchaConfig, Captchas, MIGRATIONS, SendCode, SendCodeError, SendCodeFuture,
};
use seaworthy_core::Secret;
use seaworthy_data::{Database, DatabaseConfig, Migrator};
use seaworthy_testkit::database::EmptyDatabase;
use tokio::sync::{Notify, oneshot};

/// A database with the table of this crate, and a provider that keeps the last code.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    pub(crate) provider: Arc<Provider>,
    pub(crate) empty: EmptyDatabase,
}

/// Keeps the messages, or fails.
#[derive(Default)]
pub(crate) struct Provider {
    pub(crate) sent: Mutex<Vec<(String, String)>>,
    pub(crate) outcome: Mutex<Outcome>,
    /// The next message waits for this.
    pub(crate) held: Mutex<Option<oneshot::Receiver<()>>>,
    /// A message waits.
    pub(crate) is_waiting: Notify,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Outcome {
    #[default]
    Sent,
    Rejected,
    Unknown,
}

impl SendCode for Provider {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        Box::pin(async move {
            let held = self.held.lock().take();
            if let Some(held) = held {
                self.is_waiting.notify_one();
                held.await.unwrap();
            }
            let outcome = *self.outcome.lock();
            let cause = "gateway 10.0.0.7 rejected +33612345678";
            match outcome {
                Outcome::Rejected => return Err(SendCodeError::rejected(cause)),
                Outcome::Unknown => return Err(SendCodeError::unknown(cause)),
                Outcome::Sent => {}
            }
            let message = (target.to_owned(), code.expose().clone());
            self.sent.lock().push(message);
            Ok(())
        })
    }
}

impl Provider {
    pub(crate) fn set(&self, outcome: Outcome) {
        *self.outcome.lock() = outcome;
    }

    /// Holds the next message until something is sent to the result.
    pub(crate) fn hold(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        *self.held.lock() = Some(held);
        release
    }
}

/// Creates the table.
pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    TestDatabase {
        database,
        provider: Arc::default(),
        empty,
    }
}

impl TestDatabase {
    /// Returns the captchas of one replica.
    pub(crate) fn replica(&self) -> Captchas {
        self.with(CaptchaConfig::default())
    }

    pub(crate) fn with(&self, config: CaptchaConfig) -> Captchas {
        Captchas::new(self.database.clone(), &Secret::new([7; 32]), config)
            .with_sms(self.provider.clone())
            .with_email(self.provider.clone())
    }

    /// Returns the last code that was sent.
    pub(crate) fn last_code(&self) -> String {
        self.provider.sent.lock().last().unwrap().1.clone()
    }
}
