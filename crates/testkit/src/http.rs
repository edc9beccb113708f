//! A minimal HTTP/1.1 client without retries.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The timeout of a response, longer than any response of a test takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// A response.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpResponse {
    /// Returns the first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns whether the server closes the connection after this response.
    #[must_use]
    pub fn closes_connection(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl Connection {
    /// Connects to an address.
    ///
    /// # Errors
    /// The connection fails.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
        })
    }

    /// Sends a request and reads the response.
    ///
    /// # Errors
    /// The connection ends before the response.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<HttpResponse> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.stream
            .get_mut()
            .write_all(format!("{head}\r\n{body}").as_bytes())?;
        self.read_response()
    }

    /// Sends the head of a `POST` request, and returns once the server reads the body. A server
    /// with authentication has checked the caller then.
    ///
    /// # Errors
    /// The connection ends, or the server responds without the body.
    pub fn send_head(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<()> {
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        head.push_str(&format!(
            "content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
        ));
        self.stream.get_mut().write_all(head.as_bytes())?;
        let first = self.head_line()?;
        if !first.starts_with("HTTP/1.1 100 ") {
            return Err(io::Error::other(format!("the server responded {first:?}")));
        }
        self.head_line().map(drop)
    }

    /// Sends the body after [`send_head`](Self::send_head), and reads the response.
    ///
    /// # Errors
    /// The connection ends before the response.
    pub fn send_body(&mut self, body: &str) -> io::Result<HttpResponse> {
        self.stream.get_mut().write_all(body.as_bytes())?;
        self.read_response()
    }

    fn read_response(&mut self) -> io::Result<HttpResponse> {
        let first = self.head_line()?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.head_line()?;
            match line.split_once(':') {
                Some((name, value)) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()))
                }
                None => break,
            }
        }
        let mut response = HttpResponse {
            status,
            headers,
            body: String::new(),
        };
        let body = if response.header("transfer-encoding").is_some() {
            self.read_chunks()?
        } else {
            let length = response.header("content-length");
            self.read_bytes(length.and_then(|value| value.parse().ok()).unwrap_or(0))?
        };
        response.body = String::from_utf8_lossy(&body).into_owned();
        Ok(response)
    }

    fn read_bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a chunked body without extensions and trailers.
    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.head_line()?;
            let length = usize::from_str_radix(&line, 16);
            let length = length.map_err(|_| io::Error::other(format!("no length in {line:?}")))?;
            body.extend(self.read_bytes(length)?);
            self.head_line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn head_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// Sends one request on a new connection.
///
/// # Errors
/// The connection fails or ends before the response.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<HttpResponse> {
    Connection::open(address)?.send(method, path, headers, body)
}

/// Sends a GET request on a new connection.
///
/// # Errors
/// The connection fails or ends before the response.
pub fn get(address: SocketAddr, path: &str) -> io::Result<HttpResponse> {
    request(address, "GET", path, &[], "")
}
