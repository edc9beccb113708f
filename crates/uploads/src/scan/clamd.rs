use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body::Body as _;
use seaworthy_config::{Profile, Settings};
use seaworthy_service::{Assembly, StartError};
use seaworthy_storage::Object;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    sync::Semaphore,
    time::timeout,
};

use super::{ClamdConfig, ScanError, ScanUpload, Verdict};

/// The null-terminated form of the command, whose reply ends with a null byte too.
const COMMAND: &[u8] = b"zINSTREAM\0";
/// Maximum size of a reply, in bytes. The name of malware has a few hundred bytes.
const MAX_RESPONSE_SIZE: u64 = 4 * 1024;
/// Maximum wait for a connection. Wait and scan together are shorter than an attempt.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// The prefix of a path in an address.
const UNIX: &str = "unix:";
/// The reply to content above `StreamMaxLength`, after which clamd closes the connection.
const SIZE_LIMIT: &str = "INSTREAM size limit exceeded";

/// A client of clamd, the daemon of ClamAV.
///
/// It fails closed: only the reply `stream: OK` to the whole content means that it is clean.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: Arc<str>,
    config: ClamdConfig,
    connections: Arc<Semaphore>,
}

impl Clamd {
    /// Creates the client of a service from the settings of this name, or `None` without an
    /// address. Uploads are then not scanned.
    ///
    /// # Errors
    /// [`StartError`] in production without an address, unless `allow_unscanned` is true. A missing
    /// setting must not turn the scanner off.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &ClamdConfig,
    ) -> Result<Option<Self>, StartError> {
        Self::for_profile(service.profile(), name, config)
    }

    fn for_profile(
        profile: Profile,
        name: &str,
        config: &ClamdConfig,
    ) -> Result<Option<Self>, StartError> {
        let client = Self::new(config);
        if client.is_none() && !config.allow_unscanned && profile == Profile::Production {
            return Err(StartError::new(format!(
                "{name}.address is not set: set it, or set {name}.allow_unscanned to true to accept files without a scan"
            )));
        }
        Ok(client)
    }

    /// Creates a client, or `None` without an address. It connects at the first scan.
    #[must_use]
    pub fn new(config: &ClamdConfig) -> Option<Self> {
        let address = config.address.as_deref()?;
        let connections = usize::try_from(config.max_connections.get()).unwrap_or(1);
        Some(Self {
            address: address.into(),
            config: config.clone(),
            connections: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
        })
    }

    async fn scan_now(&self, content: Object) -> Result<Verdict, ScanError> {
        let answer = match self.address.strip_prefix(UNIX) {
            Some(path) => exchange(UnixStream::connect(path).await?, content).await?,
            None => exchange(TcpStream::connect(&*self.address).await?, content).await?,
        };
        parse(&answer)
    }
}

impl ScanUpload for Clamd {
    async fn scan(&self, content: Object) -> Result<Verdict, ScanError> {
        if content.meta().size > self.config.max_size.get() {
            return Ok(Verdict::TooLarge);
        }
        // The wait for a connection must not count towards the timeout of this scan, because
        // other content causes it.
        let permit = timeout(MAX_WAIT, self.connections.acquire()).await;
        let _permit = permit.map_err(|_| ScanError::Busy)?;
        let scan = timeout(self.config.timeout.get(), self.scan_now(content));
        scan.await.map_err(|_| ScanError::TimedOut)?
    }
}

/// Sends content in chunks with their size, and returns the reply.
async fn exchange<S>(mut stream: S, content: Object) -> Result<String, ScanError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // clamd may respond and close the connection while content is sent. Its reply is then the
    // result.
    match send(&mut stream, content).await {
        Err(error @ ScanError::Content(_)) => return Err(error),
        Err(error) => {
            let answer = read(&mut stream).await.unwrap_or_default();
            return match answer.is_empty() {
                true => Err(error),
                false => Ok(answer),
            };
        }
        Ok(()) => {}
    }
    Ok(read(&mut stream).await?)
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, content: Object) -> Result<(), ScanError> {
    stream.write_all(COMMAND).await?;
    let mut body = content.into_body();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let data: Bytes = frame?.into_data().unwrap_or_default();
        // Skip an empty chunk, because it marks the end of the content.
        if data.is_empty() {
            continue;
        }
        let size = u32::try_from(data.len()).map_err(std::io::Error::other)?;
        stream.write_all(&size.to_be_bytes()).await?;
        stream.write_all(&data).await?;
    }
    stream.write_all(&0_u32.to_be_bytes()).await?;
    stream.flush().await?;
    Ok(())
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<String> {
    let mut answer = Vec::new();
    stream
        .take(MAX_RESPONSE_SIZE)
        .read_to_end(&mut answer)
        .await?;
    Ok(String::from_utf8_lossy(&answer)
        .trim_end_matches(['\0', '\n'])
        .to_owned())
}

fn parse(answer: &str) -> Result<Verdict, ScanError> {
    let unexpected = || ScanError::InvalidResponse(answer.chars().take(200).collect());
    if answer.starts_with(SIZE_LIMIT) {
        return Ok(Verdict::TooLarge);
    }
    let text = answer.strip_prefix("stream: ").ok_or_else(unexpected)?;
    match text.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Infected(name.to_owned())),
        None if text == "OK" => Ok(Verdict::Clean),
        None => Err(unexpected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_requires_scanner_or_allowance_file_1() {
        let client = |profile, allow_unscanned| {
            let config = ClamdConfig {
                allow_unscanned,
                ..ClamdConfig::default()
            };
            Clamd::for_profile(profile, "clamd", &config).map(|client| client.is_some())
        };
        let rejected = client(Profile::Production, false).unwrap_err();
        let allowance = "clamd.allow_unscanned";
        assert!(rejected.to_string().contains(allowance), "{rejected}");
        assert!(!client(Profile::Production, true).unwrap());
        assert!(!client(Profile::Development, false).unwrap());
    }

    #[test]
    fn only_ok_means_clean_file_1() {
        assert_eq!(parse("stream: OK").unwrap(), Verdict::Clean);
        assert_eq!(
            parse("stream: Eicar-Test FOUND").unwrap(),
            Verdict::Infected("Eicar-Test".to_owned())
        );
        assert_eq!(
            parse("INSTREAM size limit exceeded. ERROR").unwrap(),
            Verdict::TooLarge
        );
        for answer in [
            "",
            "OK",
            "stream: ",
            "stream: OK FO",
            "stream: Can't open ERROR",
            "PONG",
        ] {
            assert!(parse(answer).is_err(), "{answer}");
        }
    }
}
