//! RES-4: a body costs at most its bound.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    time::Duration,
};

use async_compression::{
    Level,
    tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder},
};
use seaworthy_client::{BodySize, ClientError};
use seaworthy_core::ByteSize;
use tokio::io::AsyncWriteExt as _;

use crate::fixture::{Reply, Server, answer, client};

const MIB: usize = 1 << 20;
/// Memory beside a body: buffers of the connection, windows of a decoder.
const OVERHEAD: usize = 2 * MIB;
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn assert_too_large(error: ClientError, expected: BodySize) {
    match error {
        ClientError::TooLarge { of, .. } => assert_eq!(of, expected),
        other => panic!("{other:?}"),
    }
}

async fn compressed(encoding: &str, plain: &[u8]) -> Vec<u8> {
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::with_quality(Vec::new(), Level::Fastest);
            encoder.write_all(plain).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match encoding {
        "gzip" => with!(GzipEncoder),
        "deflate" => with!(ZlibEncoder),
        "br" => with!(BrotliEncoder),
        "zstd" => with!(ZstdEncoder),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn client_decodes_requested_encodings_res_4() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let plain = "all is well ".repeat(10_000);
        let body = compressed(encoding, plain.as_bytes()).await;
        let headers = format!("content-encoding: {encoding}\r\n");
        let server = Server::start(move |_, _| answer("200 OK", &headers, &body)).await;
        let response = client(|_| {}).get(&server.url("/")).send().await.unwrap();
        assert!(!response.headers().contains_key("content-encoding"));
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(response.text().await.unwrap(), plain, "{encoding}");
        let accepted = server.seen()[0]
            .header("accept-encoding")
            .map(str::to_owned);
        assert!(accepted.unwrap().contains(encoding));
    }
}

#[tokio::test]
async fn client_accepts_encoded_response_without_body_res_4() {
    let server = Server::start(|_, seen| {
        let head = match seen.line.split(' ').nth(1).unwrap() {
            "/none" => "HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n",
            "/empty" => "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
            "/chunked" => {
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            }
            _ => "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 99999999999\r\n\r\n",
        };
        Reply::Bytes(head.into())
    })
    .await;
    let client = client(|_| {});
    for path in ["/none", "/empty", "/chunked"] {
        let response = client.get(&server.url(path)).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), "", "{path}");
    }
    let head = client.head(&server.url("/head")).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "99999999999");
    assert_eq!(head.bytes().await.unwrap(), "");
}

#[tokio::test]
async fn client_rejects_announced_large_body_unread_res_4() {
    let server = Server::start(|_, _| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            10_u64 << 30
        );
        Reply::Endless(head.into(), vec![b'x'; MIB], Duration::ZERO)
    })
    .await;
    let error = client(|_| {})
        .get(&server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: the response body exceeds 10MiB as received",
            server.address
        )
    );
    assert_too_large(error, BodySize::Received);
}

#[tokio::test]
async fn client_reads_body_of_maximum_size_res_4() {
    let body = vec![b'x'; MIB];
    let server = Server::start(move |_, _| answer("200 OK", "", &body)).await;
    let client = client(|config| config.max_response_size = ByteSize::mebibytes(1));
    let response = client.get(&server.url("/")).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap().len(), MIB);
}

/// Serves one answer from a thread of its own, so that its memory is not counted with the client's.
fn serve_aside(
    mut write: impl FnMut(&mut dyn std::io::Write) -> std::io::Result<()> + Send + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
        while request
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        // The client hangs up in the middle, which is what the test is about.
        let _ = write(&mut stream);
        let _ = request.next();
    });
    address
}

/// The error of reading a whole answer, and the most memory that the client held meanwhile.
fn read_whole(address: SocketAddr, bound: ByteSize) -> (ClientError, usize) {
    let mut error = None;
    let held = allocation_counter::measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        error = runtime.block_on(async {
            let client = client(|config| config.max_response_size = bound);
            let response = client.get(&format!("http://{address}/")).send().await;
            response.unwrap().bytes().await.err()
        });
    });
    (error.unwrap(), usize::try_from(held.bytes_max).unwrap())
}

#[test]
fn endless_body_uses_bounded_memory_res_4() {
    let address = serve_aside(|stream| {
        stream.write_all(CHUNKED)?;
        let mut chunk = String::new();
        write!(chunk, "{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536)).unwrap();
        loop {
            stream.write_all(chunk.as_bytes())?;
        }
    });
    let (error, held) = read_whole(address, ByteSize::mebibytes(10));
    assert_too_large(error, BodySize::Received);
    assert!(held < 10 * MIB + OVERHEAD, "{held}");
}

#[test]
fn decompression_bomb_uses_bounded_memory_res_4() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let member = runtime.block_on(compressed("gzip", &vec![0; 8 * MIB]));
    let address = serve_aside(move |stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n"
        )?;
        (0..1280).try_for_each(|_| stream.write_all(&member))
    });
    let (error, held) = read_whole(address, ByteSize::mebibytes(10));
    assert_too_large(error, BodySize::Decompressed);
    assert!(held < 10 * MIB + OVERHEAD, "{held}");
}

#[test]
fn bomb_of_each_encoding_uses_bounded_memory_res_4() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = runtime.block_on(compressed(encoding, &vec![0; 32 * MIB]));
        let address = serve_aside(move |stream| {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
                bomb.len()
            )?;
            stream.write_all(&bomb)
        });
        let (error, held) = read_whole(address, ByteSize::mebibytes(1));
        assert_too_large(error, BodySize::Decompressed);
        assert!(held < MIB + 10 * MIB, "{encoding}: {held}");
    }
}

#[tokio::test]
async fn client_rejects_zstd_window_of_2_gib_res_4() {
    // A zstd frame that asks for a window of 2^31 bytes, and one block of zeros.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x03, 0x00, 0x10, 0x00];
    let server =
        Server::start(move |_, _| answer("200 OK", "content-encoding: zstd\r\n", frame)).await;
    let response = client(|_| {}).get(&server.url("/")).send().await.unwrap();
    let error = response.bytes().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Decompression { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn truncated_body_is_an_error_res_4() {
    let whole = compressed("gzip", &[b'x'; 100_000]).await;
    let server = Server::start(move |_, seen| match seen.line.split(' ').nth(1).unwrap() {
        "/short" => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this";
            Reply::Last(head.to_vec())
        }
        "/chunks" => Reply::Last([CHUNKED, b"5\r\nonly \r\n"].concat()),
        "/cut" => answer(
            "200 OK",
            "content-encoding: gzip\r\n",
            &whole[..whole.len() / 2],
        ),
        _ => answer("200 OK", "content-encoding: gzip\r\n", "this is no gzip"),
    })
    .await;
    let client = client(|_| {});
    for (path, reason) in [
        ("/short", "EXCHANGE_FAILED"),
        ("/chunks", "EXCHANGE_FAILED"),
        ("/cut", "DECOMPRESSION_FAILED"),
        ("/lie", "DECOMPRESSION_FAILED"),
    ] {
        let response = client.get(&server.url(path)).send().await.unwrap();
        let error = response.bytes().await.unwrap_err();
        assert_eq!(error.reason(), reason, "{path}: {error:?}");
    }
}

#[tokio::test]
async fn client_keeps_unrequested_encoding_res_4() {
    let server =
        Server::start(|_, _| answer("200 OK", "content-encoding: gzip, gzip\r\n", "twice packed"))
            .await;
    let response = client(|_| {}).get(&server.url("/")).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip, gzip");
    assert_eq!(response.text().await.unwrap(), "twice packed");

    let raw = Server::start(|_, _| answer("200 OK", "content-encoding: gzip\r\n", "raw")).await;
    let request = client(|_| {}).get(&raw.url("/"));
    let response = request.header("accept-encoding", "gzip").send().await;
    assert_eq!(response.unwrap().text().await.unwrap(), "raw");
}
