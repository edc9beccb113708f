use std::{fmt, sync::Arc};

use seaworthy_core::{Secret, Switch};
use seaworthy_crypto::{BlindIndex, Context, derive_key};
use seaworthy_data::{Database, purge_worker};
use seaworthy_service::Worker;
use tokio::task::spawn_blocking;

use crate::{
    Binding, CaptchaConfig, CaptchaError, SendCode, audio, code, image, quota, sent_codes,
    store::{self, Counted, Stored},
    targets,
};

/// The purpose of the key.
const PURPOSE: &str = "captcha";
/// Longer than any code.
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
}

/// A new captcha.
#[derive(Debug)]
pub struct Issued {
    /// The ID, 32 characters, which the client sends with the answer.
    pub id: String,
    /// The content for the user.
    pub challenge: Challenge,
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
        }
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

    /// Issues a captcha, and sends its code if the binding has an address. The IP address of the
    /// current request counts the code ([`SentCodesConfig`](crate::SentCodesConfig)). A code that
    /// the provider rejects does not count.
    ///
    /// # Errors
    /// [`CaptchaError`] if the provider is missing, if too many codes were sent, or if the provider
    /// or the database fails.
    pub async fn issue(&self, binding: &Binding<'_>) -> Result<Issued, CaptchaError> {
        let provider = match binding {
            Binding::Image | Binding::Audio => None,
            Binding::Sms(_) => self.sms.as_ref(),
            Binding::Email(_) => self.email.as_ref(),
        };
        if binding.target().is_some() && provider.is_none() {
            let kind = binding.kind();
            let offered = self.offered();
            return Err(CaptchaError::NoProvider { kind, offered });
        }
        let reservation =
            quota::reserve(&self.database, &self.hashes, &self.config, binding).await?;
        let answer = Secret::new(match binding {
            Binding::Image => code::letters(),
            _ => code::digits(),
        });
        let id = code::id();
        // The image comes first, so that a captcha that cannot be shown is not stored.
        let challenge = render(binding, &answer).await?;
        let stored = Stored {
            answer: self.answer_hash(&id, answer.expose()),
            binding: self.binding(&id, binding),
        };
        // The row comes before the message, so that every sent code is stored.
        store::insert(&self.database, &id, stored, self.config.ttl).await?;
        if let (Some(provider), Some(target)) = (provider, binding.target())
            && let Err(error) = provider.send(target, &answer).await
        {
            if let Some(reservation) = reservation {
                reservation.release(&self.database).await;
            }
            return Err(CaptchaError::NotSent(error));
        }
        Ok(Issued { id, challenge })
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
        self.check(id, answer, |stored| {
            allowed
                .iter()
                .any(|binding| store::is_equal(&self.binding(id, binding), &stored.binding))
        })
        .await
    }

    /// Consumes a captcha of any binding if the answer is correct.
    ///
    /// # Errors
    /// As for [`consume`](Self::consume).
    pub async fn consume_any(&self, id: &str, answer: &str) -> Result<(), CaptchaError> {
        self.check(id, answer, |_| true).await
    }

    async fn check(
        &self,
        id: &str,
        answer: &str,
        is_allowed: impl FnOnce(&Stored) -> bool,
    ) -> Result<(), CaptchaError> {
        if !self.is_on() {
            return Ok(());
        }
        let stored = match store::count(&self.database, id, self.config.max_attempts.get()).await? {
            Counted::Valid(stored) => stored,
            Counted::Expired => return Err(CaptchaError::Expired),
            Counted::Invalid => return Err(CaptchaError::Invalid),
        };
        let is_right = answer.len() <= MAX_ANSWER_LENGTH
            && store::is_equal(&self.answer_hash(id, answer), &stored.answer)
            && is_allowed(&stored);
        if is_right && store::take(&self.database, id).await? {
            return Ok(());
        }
        Err(CaptchaError::Invalid)
    }

    fn answer_hash(&self, id: &str, answer: &str) -> Vec<u8> {
        let context = Context::new("captchas", "answer").row(id);
        self.hashes
            .of(&context, &answer.trim().to_ascii_lowercase())
    }

    fn binding(&self, id: &str, binding: &Binding<'_>) -> Vec<u8> {
        let context = Context::new("captchas", "binding").row(id);
        let context = context.row(binding.kind());
        self.hashes
            .of(&context, binding.target().unwrap_or_default())
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
