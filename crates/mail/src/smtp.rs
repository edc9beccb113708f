use std::{fs, pin::Pin, sync::Arc};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use seaworthy_service::StartError;

use crate::{MailConfig, MailError, MailUrl};

/// What a client without a name of its own says in `EHLO` (RFC 5321, section 4.1.3); a machine's name would tell strangers of the network behind.
const HELLO: std::net::Ipv4Addr = std::net::Ipv4Addr::LOCALHOST;

/// A server by SMTP: one connection for each message, as few are sent and servers close idle ones.
#[derive(Debug, Clone)]
pub(crate) struct Smtp(Arc<AsyncSmtpTransport<Tokio1Executor>>);

pub(crate) type Sending = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send>>;

impl Smtp {
    pub(crate) fn new(config: &MailConfig) -> Result<Option<Self>, StartError> {
        let MailUrl::Server {
            is_tls_from_start,
            host,
            port,
            user,
        } = &config.url
        else {
            return Ok(None);
        };
        let tls = match (*is_tls_from_start, config.allow_plaintext) {
            (true, _) => Tls::Wrapper(parameters(host, config)?),
            // Also where the server offers it: whoever allows plain text has a server whose certificate nobody knows.
            (false, true) => Tls::None,
            (false, false) => Tls::Required(parameters(host, config)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
            .port(*port)
            .tls(tls)
            .hello_name(ClientId::Ipv4(HELLO))
            .timeout(Some(config.timeout.get()));
        builder = match (user, &config.password) {
            (Some(user), Some(password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose().clone()))
            }
            (None, None) => builder,
            (Some(_), None) => {
                return Err(StartError::new(
                    "the mail URL names a user, and the setting `password` beside it is missing",
                ));
            }
            (None, Some(_)) => {
                return Err(StartError::new(
                    "there is a password for mail, and the mail URL names no user",
                ));
            }
        };
        Ok(Some(Self(Arc::new(builder.build()))))
    }

    pub(crate) fn send(&self, message: Message) -> Sending {
        let transport = Arc::clone(&self.0);
        Box::pin(async move {
            let sent = transport.send(message).await;
            sent.map(drop).map_err(failure)
        })
    }

    pub(crate) async fn ask(&self) -> Result<(), MailError> {
        match self.0.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Transient {
                status: None,
                cause: "the server does not answer".into(),
            }),
            Err(error) => Err(failure(error)),
        }
    }
}

fn parameters(host: &str, config: &MailConfig) -> Result<TlsParameters, StartError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(file) = &config.ca_file {
        let because = |error| {
            let file = file.display();
            StartError::because(
                format!("the authorities of mail cannot be read from {file}"),
                error,
            )
        };
        let pem = fs::read(file)
            .map_err(|error| because(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| because(error.into()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder
        .build()
        .map_err(|error| StartError::because("TLS of mail cannot be used", error))
}

/// A server that says 5xx means it; everything else may be otherwise in a while: also a certificate that is not believed, or STARTTLS that is missing, which an operator mends.
fn failure(error: SmtpError) -> MailError {
    let status = error.status().map(u16::from);
    let cause = Box::new(error);
    if cause.is_permanent() {
        MailError::Permanent { status, cause }
    } else {
        MailError::Transient { status, cause }
    }
}
