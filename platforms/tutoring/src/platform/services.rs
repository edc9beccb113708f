//! The services, in the order of their start, with their settings.

use seaworthy::{prelude::*, service::platform::DataDirectory};

use super::{
    Platform, PlatformOptions,
    launch::{Stage, loader, started},
};

/// The services and their HTTP clients in the gateway.
const UPSTREAMS: [(&str, &str); 11] = [
    ("student", "student"),
    ("trainer", "trainer"),
    ("student-auth", "student_auth"),
    ("trainer-auth", "trainer_auth"),
    ("admin", "admin"),
    ("course", "course"),
    ("booking", "booking"),
    ("payment", "payment"),
    ("notification", "notification"),
    ("chat", "chat"),
    ("analytics", "analytics"),
];

/// The settings that several services have.
pub(super) struct Services<'a> {
    directory: &'a DataDirectory,
    /// `access_tokens.secret`.
    access_tokens: String,
    /// `service_tokens.secret`.
    service_tokens: String,
    /// `audit_log.key`.
    audit_log: String,
    /// `broker.url`.
    broker: String,
}

/// Starts a service of a stage by the functions of its crate.
macro_rules! start {
    ($stage:ident, $options:ident, $name:literal, $service:ident, $settings:expr) => {
        let loader = loader($name, $options, $settings);
        let start = $service::service().start(loader, $service::assemble);
        $stage.spawn(started($name, start));
    };
}

impl<'a> Services<'a> {
    pub(super) fn new(directory: &'a DataDirectory) -> Result<Self, StartError> {
        let secret = |key: &str, name: &str| {
            let secret = directory.secret(name)?;
            Ok::<_, StartError>(format!("{key}={secret}"))
        };
        Ok(Self {
            access_tokens: secret("access_tokens.secret", "access_tokens")?,
            service_tokens: secret("service_tokens.secret", "service_tokens")?,
            audit_log: secret("audit_log.key", "audit_log")?,
            broker: format!("broker.url={}", directory.sqlite("broker.db")),
            directory,
        })
    }

    /// Starts all services, the gateway last. A service starts after those that it calls. The
    /// catalogue starts after its consumers, which read only the changes since their first start.
    pub(super) async fn start(
        &self,
        platform: &mut Platform,
        options: &PlatformOptions,
        mut stage: Stage,
    ) -> Result<(), StartError> {
        // Booking takes the longest to start, so start it first.
        start!(stage, options, "booking", tutoring_booking, self.booking()?);
        let own = self.student_auth()?;
        start!(stage, options, "student-auth", tutoring_student_auth, own);
        let own = self.trainer_auth()?;
        start!(stage, options, "trainer-auth", tutoring_trainer_auth, own);
        start!(stage, options, "admin", tutoring_admin, self.admin()?);
        start!(stage, options, "trainer", tutoring_trainer, self.trainer()?);
        let own = self.notification();
        start!(stage, options, "notification", tutoring_notification, own);
        start!(stage, options, "chat", tutoring_chat, self.chat()?);
        let own = self.stores("analytics", "");
        start!(stage, options, "analytics", tutoring_analytics, own);
        platform.finish(stage).await?;
        let (mut stage, own) = (Stage::new(), self.payment(platform)?);
        start!(stage, options, "payment", tutoring_payment, own);
        platform.finish(stage).await?;
        let (mut stage, own) = (Stage::new(), self.student(platform));
        start!(stage, options, "student", tutoring_student, own);
        platform.finish(stage).await?;
        let mut stage = Stage::new();
        start!(stage, options, "course", tutoring_course, self.course()?);
        platform.finish(stage).await?;
        let (mut stage, own) = (Stage::new(), self.gateway(platform));
        start!(stage, options, "gateway", tutoring_gateway, own);
        platform.finish(stage).await
    }

    /// Returns the stores and the access tokens of a service, whose settings have a prefix.
    fn stores(&self, name: &str, prefix: &str) -> Vec<String> {
        let file = self.directory.sqlite(&format!("{name}.db"));
        vec![
            format!("{prefix}database.url={file}"),
            format!("{prefix}database.migrate_at_start=true"),
            format!("{prefix}{}", self.broker),
            format!("{prefix}{}", self.access_tokens),
        ]
    }

    fn student_auth(&self) -> Result<Vec<String>, StartError> {
        let mut own = self.stores("student-auth", "");
        own.push(format!("codes.pepper={}", self.directory.secret("codes")?));
        own.push("sms.provider=log".to_owned());
        Ok(own)
    }

    fn trainer_auth(&self) -> Result<Vec<String>, StartError> {
        let documents = self.directory.files("trainer-auth", "documents")?;
        let codes = self.directory.secret("codes")?;
        let mut own = self.stores("trainer-auth", "identity.");
        own.extend([
            format!("identity.codes.pepper={codes}"),
            "identity.sms.provider=log".to_owned(),
            format!("documents.url={documents}"),
            self.audit_log.clone(),
        ]);
        Ok(own)
    }

    fn admin(&self) -> Result<Vec<String>, StartError> {
        Ok(vec![
            format!("database.url={}", self.directory.sqlite("admin.db")),
            "database.migrate_at_start=true".to_owned(),
            format!("totp.secret={}", self.directory.secret("totp")?),
            "seed=true".to_owned(),
            self.access_tokens.clone(),
            self.audit_log.clone(),
        ])
    }

    fn trainer(&self) -> Result<Vec<String>, StartError> {
        let key = self.directory.secret("bank_details")?;
        let mut own = self.stores("trainer", "backend.");
        own.push(self.audit_log.clone());
        own.push(format!("bank_details_key={key}"));
        Ok(own)
    }

    fn notification(&self) -> Vec<String> {
        let mut own = self.stores("notification", "backend.");
        own.push(format!("backend.{}", self.service_tokens));
        own.push(self.audit_log.clone());
        own
    }

    fn chat(&self) -> Result<Vec<String>, StartError> {
        let attachments = self.directory.files("chat", "attachments")?;
        let mut own = self.stores("chat", "backend.");
        own.extend([
            format!("kms.seed={}", self.directory.secret("chat_seed")?),
            format!("kms.salt={}", self.directory.secret("chat_salt")?),
            format!("attachments.url={attachments}"),
            self.audit_log.clone(),
        ]);
        Ok(own)
    }

    fn booking(&self) -> Result<Vec<String>, StartError> {
        let key = self.directory.secret("session_codes")?;
        let mut own = self.stores("booking", "");
        own.push(format!("session_code_key={key}"));
        own.extend([self.service_tokens.clone(), self.audit_log.clone()]);
        Ok(own)
    }

    /// The payment provider is a fake.
    fn payment(&self, platform: &Platform) -> Result<Vec<String>, StartError> {
        let provider = self.directory.secret("provider")?;
        let mut own = self.stores("payment", "");
        own.extend([
            "provider.kind=fake".to_owned(),
            "provider.key_id=rzp_test_fake".to_owned(),
            format!("provider.key_secret={provider}"),
            format!("provider.webhook_secret={provider}"),
        ]);
        own.extend([self.service_tokens.clone(), self.audit_log.clone()]);
        own.extend(clients(platform, &[("booking", "booking")]));
        Ok(own)
    }

    fn student(&self, platform: &Platform) -> Vec<String> {
        let called = ["notification", "payment", "booking"].map(|name| (name, name));
        let mut own = self.stores("student", "backend.");
        own.push(format!("backend.{}", self.service_tokens));
        own.push(self.audit_log.clone());
        own.extend(clients(platform, &called));
        own
    }

    fn course(&self) -> Result<Vec<String>, StartError> {
        let media = self.directory.files("course", "media")?;
        let mut own = self.stores("course", "");
        own.push(format!("media.url={media}"));
        own.push("seed=true".to_owned());
        own.extend([self.service_tokens.clone(), self.audit_log.clone()]);
        Ok(own)
    }

    fn gateway(&self, platform: &Platform) -> Vec<String> {
        let mut own = vec![self.access_tokens.clone(), self.broker.clone()];
        own.extend(clients(platform, &UPSTREAMS));
        own
    }
}

/// Returns the addresses of running services, by the names of their clients.
fn clients<'a>(
    platform: &'a Platform,
    called: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = String> + 'a {
    called.iter().filter_map(|(name, client)| {
        let addresses = platform.addresses(name)?;
        Some(format!(
            "clients.{client}.base_url=http://{}",
            addresses.http
        ))
    })
}
