//! A client that sends arbitrary bytes at a chosen rate.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout_at},
};

/// A bare TCP connection.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
}

/// The state of a connection on this side when the read ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// All received bytes.
    pub bytes: Vec<u8>,
    /// How the stream ended.
    pub end: StreamEnd,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The other side closed it gracefully.
    Closed,
    /// The other side reset it.
    Reset,
    /// It was still open at the timeout.
    Open,
}

impl RawClient {
    /// Connects.
    ///
    /// # Errors
    /// The connection was refused or could not be made.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// Connects with a small receive buffer, in bytes, so that slow reads soon block the writes of
    /// the other side.
    ///
    /// # Errors
    /// The connection was refused or could not be made.
    pub async fn connect_with_receive_buffer(address: SocketAddr, size: u32) -> io::Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_recv_buffer_size(size)?;
        Self::over(socket.connect(address).await?)
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Returns the local address.
    ///
    /// # Errors
    /// The socket is not connected.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends bytes in one write.
    ///
    /// # Errors
    /// The other side has closed or reset the connection.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Sends bytes one at a time with a pause before each. Stops early if the other side closes the
    /// connection. Returns the number of bytes sent.
    pub async fn trickle(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> usize {
        let bytes = bytes.as_ref();
        for (sent, byte) in bytes.iter().enumerate() {
            tokio::time::sleep(pause).await;
            if self.stream.write_all(&[*byte]).await.is_err() {
                return sent;
            }
        }
        bytes.len()
    }

    /// Reads until the other side ends the stream, or until the timeout.
    pub async fn read_to_end(&mut self, within: Duration) -> Received {
        let deadline = Instant::now() + within;
        let mut bytes = Vec::new();
        let end = loop {
            match timeout_at(deadline, self.stream.read_buf(&mut bytes)).await {
                Ok(Ok(0)) => break StreamEnd::Closed,
                Ok(Ok(_)) => {}
                Ok(Err(_)) => break StreamEnd::Reset,
                Err(_) => break StreamEnd::Open,
            }
        };
        Received { bytes, end }
    }

    /// Reads until the received bytes contain a text, and returns all of them.
    ///
    /// # Errors
    /// The stream ended or the timeout expired before the text arrived.
    pub async fn read_until(&mut self, text: &str, within: Duration) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + within;
        let mut bytes = Vec::new();
        loop {
            match timeout_at(deadline, self.stream.read_buf(&mut bytes)).await {
                Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read?,
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            };
            if bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
            {
                return Ok(bytes);
            }
        }
    }

    /// Returns the stream itself, for another protocol.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }
}

impl Received {
    /// Returns the status codes of the received HTTP/1 responses, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split("HTTP/1.")
            .skip(1)
            .filter_map(|response| response.split(' ').nth(1)?.parse().ok())
            .collect()
    }

    /// Returns the bytes as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
