use std::{fmt, sync::Arc};

use seaworthy_core::{Secret, Switch};
use seaworthy_crypto::{BlindIndex, Context, derive_key};
use seaworthy_data::{Database, purge_worker};
use seaworthy_service::Worker;
use seaworthy_telemetry::metrics::Metrics;
use tokio::task::spawn_blocking;

use crate::{
    Binding, CaptchaConfig, CaptchaError, SendCode, audio, code, image,
    metrics::CodeMetrics,
    quota::{self, NewCaptcha},
    sent_codes,
    store::{self, Counted, Stored},
    targets,
};

/// The purpose from which the key of the captchas is derived.
const PURPOSE: &str = "captcha";
/// Maximum length of an answer, in bytes: longer than any code.
const MAX_ANSWER_LENGTH: usize = 64;

/// The captchas of a service. Cheap to clone. All replicas share them in the database.
#[derive(Clone)]
pub struct Captchas {
    database: Database,
    config: CaptchaConfig,
    hashes: BlindIndex,
    email: Option<Arc<dyn SendCode>>,
    sms: Option<Arc<dyn SendCode>>,
    switch: Switch,
    metrics: CodeMetrics,
}

/// A new captcha.
#[derive(Debug)]
pub struct Issued {
    /// The ID, 32 characters, which the client sends with the answer.
    pub id: String,
    /// The content for the user.
    pub challenge: Challenge,
}

/// A captcha whose answer was correct, and that is not consumed yet.
#[must_use = "the captcha is valid until it is consumed"]
pub struct Answered<'a> {
    captchas: &'a Captchas,
    id: &'a str,
    /// The keyed hash of the binding. `None` while captchas are off.
    binding: Option<Vec<u8>>,
}

/// The content of a captcha.
pub enum Challenge {
    /// A PNG image.
    Image(Vec<u8>),
    /// A WAV file.
    Audio(Vec<u8>),
    /// A message was sent.
    Sent,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Image(_) => "Image",
            Self::Audio(_) => "Audio",
            Self::Sent => "Sent",
        })
    }
}

impl Captchas {
    /// Creates the captchas in a database that has the table of [`MIGRATIONS`](crate::MIGRATIONS).
    /// They derive their own key from `key`, so that a copy of the database reveals neither codes
    /// nor addresses.
    #[must_use]
    pub fn new(database: Database, key: &Secret<[u8; 32]>, config: CaptchaConfig) -> Self {
        Self {
            database,
            config,
            hashes: BlindIndex::new(&derive_key(key, PURPOSE)),
            email: None,
            sms: None,
            switch: Switch::new(),
            metrics: CodeMetrics::default(),
        }
    }

    /// Registers the metrics of sent codes, such as `service.metrics()`.
    #[must_use]
    pub fn with_metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = CodeMetrics::new(metrics);
        self
    }

    /// Sets the switch that turns the check of answers off (FLAG-2), such as
    /// `service.switches().register("captcha", SwitchKind::Security)`.
    #[must_use]
    pub fn with_switch(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }

    /// Returns whether answers are checked. Otherwise [`consume`](Self::consume) accepts every
    /// answer.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.switch.is_on()
    }

    /// Sets the provider of e-mail.
    #[must_use]
    pub fn with_email(mut self, provider: Arc<dyn SendCode>) -> Self {
        self.email = Some(provider);
        self
    }

    /// Sets the provider of SMS.
    #[must_use]
    pub fn with_sms(mut self, provider: Arc<dyn SendCode>) -> Self {
        self.sms = Some(provider);
        self
    }

    /// Issues a captcha, and sends its code if the binding has an address. The networks of the
    /// current request's IP address count the code ([`SentCodesConfig`](crate::SentCodesConfig)). A
    /// code that the provider rejects does not count. A code whose outcome is unknown counts, such
    /// as after a timeout, or if the request ends before the provider responds.
    ///
    /// # Errors
    /// [`CaptchaError`] if the provider is missing, if too many codes were sent, or if the provider
    /// or the database fails.
    pub async fn issue(&self, binding: &Binding<'_>) -> Result<Issued, CaptchaError> {
        let answer = Secret::new(match binding {
            Binding::Image => code::letters(),
            _ => code::digits(),
        });
        let id = code::id();
        let stored = Stored {
            answer: self.answer_hash(&id, answer.expose()),
            binding: self.binding(&id, binding),
        };
        let challenge = match binding.target() {
            Some(target) => {
                let captcha = NewCaptcha {
                    binding,
                    id: &id,
                    stored: &stored,
                };
                self.send(target, &answer, captcha).await?;
                Challenge::Sent
            }
            None => {
                // The content comes first, so that a captcha that cannot be shown is not stored.
                let challenge = render(binding, &answer).await?;
                store::insert(&self.database, &id, &stored, self.config.ttl).await?;
                challenge
            }
        };
        Ok(Issued { id, challenge })
    }

    /// Stores a captcha and sends its code.
    async fn send(
        &self,
        target: &str,
        answer: &Secret<String>,
        captcha: NewCaptcha<'_>,
    ) -> Result<(), CaptchaError> {
        let binding = captcha.binding;
        let provider = match binding {
            Binding::Image | Binding::Audio => None,
            Binding::Sms(_) => self.sms.as_ref(),
            Binding::Email(_) => self.email.as_ref(),
        };
        let provider = provider.ok_or_else(|| CaptchaError::NoProvider {
            kind: binding.kind(),
            offered: self.offered(),
        })?;
        let recipient = binding.recipient().unwrap_or_default();
        let metrics = self.metrics.of(binding);
        // The row comes before the message, so that every sent code is stored.
        let reservation = quota::reserve(
            &self.database,
            &self.hashes,
            &self.config,
            metrics,
            &recipient,
            captcha,
        );
        let reservation = reservation.await?;
        let Err(error) = provider.send(target, answer).await else {
            metrics.sent.increment();
            return Ok(());
        };
        if error.is_rejection() {
            metrics.rejected.increment();
            reservation.release(&self.database, &self.config).await;
        } else {
            metrics.unknown.increment();
        }
        Err(CaptchaError::NotSent(error))
    }

    /// Returns the kinds that this service offers, separated by commas.
    fn offered(&self) -> String {
        let sms = self.sms.as_ref().map(|_| ", sms");
        let email = self.email.as_ref().map(|_| ", email");
        let kinds = ["image", ", audio", sms.unwrap_or(""), email.unwrap_or("")];
        kinds.concat()
    }

    /// Consumes a captcha if the answer is correct and the captcha has one of these bindings. The
    /// comparison ignores case. Only one of two concurrent correct answers succeeds.
    ///
    /// # Errors
    /// [`CaptchaError::Invalid`] or [`CaptchaError::Expired`], and errors of the database.
    pub async fn consume(
        &self,
        id: &str,
        answer: &str,
        allowed: &[Binding<'_>],
    ) -> Result<(), CaptchaError> {
        self.answer(id, answer).await?.consume(allowed).await
    }

    /// Consumes a captcha of any binding if the answer is correct.
    ///
    /// # Errors
    /// As for [`consume`](Self::consume).
    pub async fn consume_any(&self, id: &str, answer: &str) -> Result<(), CaptchaError> {
        self.answer(id, answer).await?.take().await
    }

    /// Counts an answer, and compares it without consuming the captcha. Use it if the allowed
    /// bindings depend on a user: find them after the answer was correct. The time of a wrong
    /// answer then does not show whether the user exists.
    ///
    /// # Errors
    /// As for [`consume`](Self::consume).
    pub async fn answer<'a>(
        &'a self,
        id: &'a str,
        answer: &str,
    ) -> Result<Answered<'a>, CaptchaError> {
        let captchas = self;
        if !self.is_on() {
            let binding = None;
            return Ok(Answered {
                captchas,
                id,
                binding,
            });
        }
        let stored = match store::count(&self.database, id, self.config.max_attempts.get()).await? {
            Counted::Valid(stored) => stored,
            Counted::Expired => return Err(CaptchaError::Expired),
            Counted::Invalid => return Err(CaptchaError::Invalid),
        };
        let is_right = answer.len() <= MAX_ANSWER_LENGTH
            && store::is_equal(&self.answer_hash(id, answer), &stored.answer);
        if !is_right {
            return Err(CaptchaError::Invalid);
        }
        let binding = Some(stored.binding);
        Ok(Answered {
            captchas,
            id,
            binding,
        })
    }

    fn answer_hash(&self, id: &str, answer: &str) -> Vec<u8> {
        let context = Context::new("captchas", "answer").row(id);
        self.hashes
            .compute(&context, &answer.trim().to_ascii_lowercase())
    }

    fn binding(&self, id: &str, binding: &Binding<'_>) -> Vec<u8> {
        let context = Context::new("captchas", "binding").row(id);
        let context = context.row(binding.kind());
        self.hashes
            .compute(&context, binding.target().unwrap_or_default())
    }

    /// Returns the worker that deletes expired captchas. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge captchas", &self.database, async |database| {
            let more_captchas = store::purge(&database).await?;
            let more_targets = targets::purge(&database).await?;
            let more_sent_codes = sent_codes::purge(&database).await?;
            Ok(more_captchas || more_targets || more_sent_codes)
        })
    }
}

impl Answered<'_> {
    /// Consumes the captcha if it has one of these bindings. Only one of two concurrent calls
    /// succeeds.
    ///
    /// # Errors
    /// [`CaptchaError::Invalid`], and errors of the database.
    pub async fn consume(self, allowed: &[Binding<'_>]) -> Result<(), CaptchaError> {
        let is_allowed = self.binding.as_ref().is_none_or(|stored| {
            let has = |binding| store::is_equal(&self.captchas.binding(self.id, binding), stored);
            allowed.iter().any(has)
        });
        match is_allowed {
            true => self.take().await,
            false => Err(CaptchaError::Invalid),
        }
    }

    async fn take(self) -> Result<(), CaptchaError> {
        if self.binding.is_none() || store::take(&self.captchas.database, self.id).await? {
            return Ok(());
        }
        Err(CaptchaError::Invalid)
    }
}

impl fmt::Debug for Answered<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Answered")
    }
}

/// Creates the content of a captcha on another thread, because a sound takes some milliseconds.
async fn render(binding: &Binding<'_>, answer: &Secret<String>) -> Result<Challenge, CaptchaError> {
    let is_image = match binding {
        Binding::Image => true,
        Binding::Audio => false,
        Binding::Sms(_) | Binding::Email(_) => return Ok(Challenge::Sent),
    };
    let answer = answer.clone();
    let rendered = spawn_blocking(move || match is_image {
        true => image::png(answer.expose()).map(Challenge::Image),
        false => Ok(Challenge::Audio(audio::wav(answer.expose()))),
    });
    let rendered = rendered.await.map_err(std::io::Error::other);
    rendered.flatten().map_err(CaptchaError::Encoding)
}

impl fmt::Debug for Captchas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Captchas")
            .field("config", &self.config)
            .field("email", &self.email.is_some())
            .field("sms", &self.sms.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn content_is_rendered_on_another_thread_auth_2() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (release, wait) = mpsc::channel::<()>();
            // The only thread for this work is busy.
            let busy = spawn_blocking(move || wait.recv());
            let answer = Secret::new("274905".to_owned());
            for binding in [Binding::Image, Binding::Audio] {
                let mut rendering = Box::pin(render(&binding, &answer));
                assert!((&mut rendering).now_or_never().is_none(), "{binding:?}");
            }
            drop(release);
            let _ = busy.await.unwrap();
            let sound = render(&Binding::Audio, &answer).await.unwrap();
            assert!(matches!(sound, Challenge::Audio(_)));
        });
    }
}
