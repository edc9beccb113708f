use std::{fs, pin::Pin};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        AsyncSmtpTransportBuilder, Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use seaworthy_core::Secret;
use seaworthy_service::StartError;

use crate::{MailConfig, MailError, MailUrl};

/// The address in `EHLO` (RFC 5321, section 4.1.3). The name of the machine would disclose the
/// internal network.
const HELLO: std::net::Ipv4Addr = std::net::Ipv4Addr::LOCALHOST;

/// An SMTP client. It opens a connection for each message, because servers close idle connections.
#[derive(Debug, Clone)]
pub(crate) struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    /// The user and the password.
    credentials: Option<(String, Secret<String>)>,
}

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
            // Even if the server offers STARTTLS, because the verification of its certificate would
            // fail.
            (false, true) => Tls::None,
            (false, false) => Tls::Required(parameters(host, config)?),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
            .port(*port)
            .tls(tls)
            .hello_name(ClientId::Ipv4(HELLO))
            .timeout(Some(config.timeout.get()));
        let credentials = match (user, &config.password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => None,
            (Some(_), None) => {
                return Err(StartError::new(
                    "the setting `password` of mail is missing: the URL contains a user",
                ));
            }
            (None, Some(_)) => {
                return Err(StartError::new(
                    "the URL of mail contains no user: add the user of the setting `password`",
                ));
            }
        };
        let smtp = Self {
            builder,
            credentials,
        };
        // Read the password once, which declares that this client follows its rotation.
        drop(smtp.transport());
        Ok(Some(smtp))
    }

    /// Returns a client with the newest password (CONF-5).
    fn transport(&self) -> AsyncSmtpTransport<Tokio1Executor> {
        let builder = self.builder.clone();
        match &self.credentials {
            Some((user, password)) => {
                let password = password.current().expose().clone();
                builder.credentials(Credentials::new(user.clone(), password))
            }
            None => builder,
        }
        .build()
    }

    pub(crate) fn send(&self, message: Message) -> Sending {
        let transport = self.transport();
        Box::pin(async move {
            let sent = transport.send(message).await;
            sent.map(drop).map_err(failure)
        })
    }

    pub(crate) async fn check(&self) -> Result<(), MailError> {
        match self.transport().test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Transient {
                status: None,
                cause: "the server does not respond".into(),
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
            StartError::with_cause(
                format!("the `ca_file` of mail cannot be read: {file}"),
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
        .map_err(|error| StartError::with_cause("the TLS settings of mail are invalid", error))
}

/// Converts an error. A status 5xx is permanent. Everything else is transient, also an untrusted
/// certificate or a missing STARTTLS, which an operator can repair.
fn failure(error: SmtpError) -> MailError {
    let status = error.status().map(u16::from);
    let cause = Box::new(error);
    if cause.is_permanent() {
        MailError::Permanent { status, cause }
    } else {
        MailError::Transient { status, cause }
    }
}

/// Whether an error happened after the connection was established. The server may then have the
/// message. Errors of TLS and of the client happen before a message is sent.
pub(crate) fn is_after_connect(cause: &(dyn std::error::Error + 'static)) -> bool {
    /// The text of an error without a connection. The client has no method for this kind of error.
    const NO_CONNECTION: &str = "Connection error";
    let Some(error) = cause.downcast_ref::<SmtpError>() else {
        return true;
    };
    !error.is_tls() && !error.is_client() && !error.to_string().starts_with(NO_CONNECTION)
}
