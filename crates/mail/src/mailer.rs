use std::{fmt, sync::Arc};

use lettre::Message;
use seaworthy_config::Settings;
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_resilience::{
    CallLayer, Classify, Outcome, bulkhead::BulkheadLayer, circuit_breaker::CircuitBreakerLayer,
    policies::Policies, timeout::TimeoutLayer,
};
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::{Counter, Metrics};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use crate::{DevelopmentMailbox, Mail, MailAddress, MailConfig, MailError, smtp::Smtp};

/// The default sender in development, of a domain that receives nothing (RFC 2606).
const DEVELOPMENT_SENDER: &str = "Development <development@example.invalid>";

/// Sends mail. Cheap to clone. All clones share the policies of one dependency.
///
/// ```no_run
/// use seaworthy_mail::{Mail, MailConfig, MailError, Mailer};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// # async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
/// let mailer = Mailer::new(service, "mail", &MailConfig::default())?;
/// let send = async move || -> Result<(), MailError> {
///     mailer.send(Mail::new("ada@example.org", "Welcome")?.text("Hello")).await
/// };
/// # drop(send);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    from: MailAddress,
    delivery: Delivery,
    config: MailConfig,
    policies: Policies,
    counts: Counts,
}

enum Delivery {
    Smtp(Box<Smtp>),
    Mailbox(DevelopmentMailbox),
}

struct Counts {
    sent: Counter,
    transient: Counter,
    permanent: Counter,
}

impl Mailer {
    /// Creates a mailer with the bulkhead and the breaker of the dependency `name`. It connects for
    /// each message.
    ///
    /// # Errors
    /// The settings are invalid: a user without a password, a server without `from`, or a `ca_file`
    /// that cannot be read.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MailConfig,
    ) -> Result<Self, StartError> {
        let policies = service.resilience().dependency(name);
        let mailer = Self::build(config, policies, service.metrics())?;
        if config.health_check && matches!(mailer.0.delivery, Delivery::Smtp(_)) {
            let checked = mailer.clone();
            service.health().register(Probe::optional(name, move || {
                let checked = checked.clone();
                async move { checked.check().await }
            }));
        }
        if mailer.mailbox().is_some() {
            tracing::info!(
                mail = name,
                "mail stays in the development mailbox and is not sent"
            );
        }
        Ok(mailer)
    }

    pub(crate) fn build(
        config: &MailConfig,
        policies: Policies,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        let delivery = match Smtp::new(config)? {
            Some(smtp) => Delivery::Smtp(Box::new(smtp)),
            None => Delivery::Mailbox(DevelopmentMailbox::new(config.max_mailbox_messages)),
        };
        let from = match (&config.from, &delivery) {
            (Some(from), _) => from.clone(),
            (None, Delivery::Mailbox(_)) => DEVELOPMENT_SENDER.parse().map_err(|error| {
                StartError::with_cause("the default sender of mail is invalid", error)
            })?,
            (None, Delivery::Smtp(_)) => {
                return Err(StartError::new(
                    "the setting `from` of mail is missing: set the address of the sender",
                ));
            }
        };
        let name = policies.name().to_string();
        let count = |result| {
            metrics.counter(
                "mail_messages_total",
                "Messages by result.",
                &[("dependency", name.as_str()), ("result", result)],
            )
        };
        let counts = Counts {
            sent: count("sent"),
            transient: count("transient"),
            permanent: count("permanent"),
        };
        Ok(Self(Arc::new(Inner {
            from,
            delivery,
            config: config.clone(),
            policies,
            counts,
        })))
    }

    /// Sends a message once. `Ok` means that the server accepted it.
    ///
    /// # Errors
    /// [`MailError`]. [`is_retryable`](MailError::is_retryable) returns whether to retry.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let Inner {
            delivery, counts, ..
        } = &*self.0;
        mail.check()?;
        let sent = match delivery {
            Delivery::Mailbox(mailbox) => {
                mailbox.push(mail);
                Ok(())
            }
            Delivery::Smtp(smtp) => {
                let message = mail.encode(&self.0.from)?;
                self.submit(smtp, message).await
            }
        };
        match &sent {
            Ok(()) => counts.sent.increment(),
            Err(error) if error.is_retryable() => counts.transient.increment(),
            Err(_) => counts.permanent.increment(),
        }
        sent
    }

    async fn submit(&self, smtp: &Smtp, message: Message) -> Result<(), MailError> {
        let Inner {
            config, policies, ..
        } = &*self.0;
        let submit = ServiceBuilder::new()
            .layer(BulkheadLayer::new(policies.bulkhead().clone()))
            .layer(CircuitBreakerLayer::new(
                policies.breaker().clone(),
                ClassifyMail,
            ))
            .layer(TimeoutLayer::new(config.timeout))
            .layer(CallLayer)
            .service(service_fn(|message| smtp.send(message)));
        submit.oneshot(message).await.map_err(MailError::from)
    }

    async fn check(&self) -> Result<(), CheckFailure> {
        let Delivery::Smtp(smtp) = &self.0.delivery else {
            return Ok(());
        };
        let checked = tokio::time::timeout(self.0.config.timeout.get(), smtp.check()).await;
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(CheckFailure::new(error.to_string())),
            Err(_) => Err(CheckFailure::new("the mail server did not respond in time")),
        }
    }

    /// Returns the development mailbox, if mail is not sent.
    #[must_use]
    pub fn mailbox(&self) -> Option<&DevelopmentMailbox> {
        match &self.0.delivery {
            Delivery::Mailbox(mailbox) => Some(mailbox),
            Delivery::Smtp(_) => None,
        }
    }
}

/// Classifies results for the breaker. A rejected message is not a failure of the server. Rejected
/// credentials and a broken session are.
#[derive(Debug, Clone, Copy)]
struct ClassifyMail;

impl Classify<(), MailError> for ClassifyMail {
    fn classify(&self, result: Result<&(), &MailError>) -> Outcome {
        /// The status for rejected credentials (RFC 4954, section 6).
        const CREDENTIALS_REJECTED: u16 = 535;
        match result {
            Ok(()) => Outcome::Success,
            Err(MailError::Permanent {
                status: Some(CREDENTIALS_REJECTED),
                ..
            }) => Outcome::Permanent,
            // The server works and rejects this message: a full mailbox, or greylisting.
            Err(
                MailError::Permanent { .. }
                | MailError::Transient {
                    status: Some(450..=452),
                    ..
                },
            ) => Outcome::Success,
            Err(_) => Outcome::TRANSIENT,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Mailer")
            .field("url", &self.0.config.url)
            .finish_non_exhaustive()
    }
}
