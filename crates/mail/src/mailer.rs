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

/// Who sends as long as nobody says who: a domain that can receive nothing (RFC 2606).
const NOBODY: &str = "Development <development@example.invalid>";

/// Sends mail. Cheap to clone; all clones share the policies of one dependency.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    from: MailAddress,
    way: Way,
    config: MailConfig,
    policies: Policies,
    counts: Counts,
}

enum Way {
    Smtp(Smtp),
    Mailbox(DevelopmentMailbox),
}

struct Counts {
    sent: Counter,
    transient: Counter,
    permanent: Counter,
}

impl Mailer {
    /// A mailer by these settings, with bulkhead and breaker of the dependency `name`. Nothing is connected: a server that is away is noticed by whoever sends.
    ///
    /// # Errors
    /// The settings cannot be used: a user without a password, a server without `from`, authorities that cannot be read.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &MailConfig,
    ) -> Result<Self, StartError> {
        let policies = service.resilience().dependency(name);
        let mailer = Self::build(config, policies, service.metrics())?;
        if config.health_check && matches!(mailer.0.way, Way::Smtp(_)) {
            let asked = mailer.clone();
            service.health().register(Probe::optional(name, move || {
                let asked = asked.clone();
                async move { asked.ask().await }
            }));
        }
        if mailer.mailbox().is_some() {
            tracing::info!(mail = name, "mail is kept in memory and not sent");
        }
        Ok(mailer)
    }

    pub(crate) fn build(
        config: &MailConfig,
        policies: Policies,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        let way = match Smtp::new(config)? {
            Some(smtp) => Way::Smtp(smtp),
            None => Way::Mailbox(DevelopmentMailbox::new(config.mailbox_size)),
        };
        let from = match (&config.from, &way) {
            (Some(from), _) => from.clone(),
            (None, Way::Mailbox(_)) => NOBODY
                .parse()
                .map_err(|error| StartError::because("mail has no sender", error))?,
            (None, Way::Smtp(_)) => {
                return Err(StartError::new(
                    "mail goes to a server, and the setting `from` beside its URL is missing",
                ));
            }
        };
        let name = policies.name().to_string();
        let count = |result| {
            metrics.counter(
                "mail_messages_total",
                "Messages given to the mailer, by what became of them.",
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
            way,
            config: config.clone(),
            policies,
            counts,
        })))
    }

    /// Sends a message, once. `Ok` means that the server has taken it over, not that somebody has read it.
    ///
    /// # Errors
    /// [`MailError`], which says whether another try may help.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let Inner { way, counts, .. } = &*self.0;
        mail.check()?;
        let sent = match way {
            Way::Mailbox(mailbox) => {
                mailbox.keep(mail);
                Ok(())
            }
            Way::Smtp(smtp) => {
                let message = mail.written(&self.0.from)?;
                self.submit(smtp, message).await
            }
        };
        match &sent {
            Ok(()) => counts.sent.increment(),
            Err(error) if error.may_be_retried() => counts.transient.increment(),
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

    async fn ask(&self) -> Result<(), CheckFailure> {
        let Way::Smtp(smtp) = &self.0.way else {
            return Ok(());
        };
        let asked = tokio::time::timeout(self.0.config.timeout.get(), smtp.ask()).await;
        match asked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(CheckFailure::new(error.to_string())),
            Err(_) => Err(CheckFailure::new("the mail server has not answered")),
        }
    }

    /// The mailbox, where mail is kept rather than sent.
    #[must_use]
    pub fn mailbox(&self) -> Option<&DevelopmentMailbox> {
        match &self.0.way {
            Way::Mailbox(mailbox) => Some(mailbox),
            Way::Smtp(_) => None,
        }
    }
}

/// A message that is refused for good says nothing against the server; refused credentials and a dialogue that breaks off do.
#[derive(Debug, Clone, Copy)]
struct ClassifyMail;

impl Classify<(), MailError> for ClassifyMail {
    fn classify(&self, result: Result<&(), &MailError>) -> Outcome {
        /// RFC 4954, section 6: the credentials are not accepted.
        const CREDENTIALS_REFUSED: u16 = 535;
        match result {
            Ok(()) => Outcome::Success,
            Err(MailError::Permanent {
                status: Some(CREDENTIALS_REFUSED),
                ..
            }) => Outcome::Permanent,
            // The server is well and does not want this message, now or ever: a full mailbox, greylisting.
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
