//! The client of clamd, against a real one and against servers that fail.

use std::{future::Future, net::SocketAddr};

use bytes::Bytes;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_storage::{Object, ObjectKey, PutOptions, Storage, StorageConfig};
use seaworthy_testkit::server::{Shared, clamd::ClamdServer};
use seaworthy_uploads::{Clamd, ClamdConfig, ScanError, ScanUpload as _, Verdict};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

static CLAMD: Shared<ClamdServer> = Shared::new("SEAWORTHY_TEST_CLAMD", |program| {
    ClamdServer::start(program)
});

/// The test file of EICAR, in two parts so that scanners accept this file.
const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-",
    "ANTIVIRUS-TEST-FILE!$H+H*",
];

async fn object(content: impl Into<Bytes>) -> Object {
    let storage = Storage::open("test", &StorageConfig::default()).unwrap();
    let key: ObjectKey = "a".parse().unwrap();
    let content: Bytes = content.into();
    storage
        .put(&key, content, &PutOptions::new("text/plain"))
        .await
        .unwrap();
    storage.get(&key).await.unwrap()
}

fn client(address: SocketAddr) -> Clamd {
    let config = ClamdConfig {
        address: Some(address.to_string()),
        max_size: ByteSize::mebibytes(4),
        timeout: Timeout::from_secs(20),
        ..ClamdConfig::default()
    };
    Clamd::new(&config).unwrap()
}

/// A ZIP archive with one stored file.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let crc = !content.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let common = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &crc.to_le_bytes(),
        &size,
        &size,
        &length,
        &[0, 0],
    ]
    .concat();
    let local = [b"PK\x03\x04", &common[..], name.as_bytes(), content].concat();
    let central = [
        b"PK\x01\x02\x14\0",
        &common[..],
        &[0; 12],
        &0_u32.to_le_bytes()[..],
        name.as_bytes(),
    ]
    .concat();
    // The header of the directory has two bytes fewer than twelve zeros and an offset of four.
    let central = [&central[..42], &central[44..]].concat();
    let sizes = [central.len(), local.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        &sizes[0][..],
        &sizes[1],
        &[0, 0],
    ]
    .concat();
    [local, central, end].concat()
}

#[tokio::test]
async fn clamd_finds_nested_malware_file_1() {
    let Some(server) = CLAMD.get() else {
        return;
    };
    let client = client(server.address());
    let eicar = EICAR.concat().into_bytes();
    let nested = zip("outer.zip", &zip("inner.txt", &eicar));
    for infected in [eicar, nested] {
        let verdict = client.scan(object(infected).await).await.unwrap();
        assert!(matches!(verdict, Verdict::Infected(_)), "{verdict:?}");
    }
    let large = vec![7; 3 << 20];
    for clean in [&b""[..], b"hello", &large] {
        let verdict = client.scan(object(clean.to_vec()).await).await.unwrap();
        assert_eq!(verdict, Verdict::Clean);
    }
    // Above the limit of the client, and above the limit of the server.
    let above = client
        .scan(object(vec![7; (4 << 20) + 1]).await)
        .await
        .unwrap();
    assert_eq!(above, Verdict::TooLarge);
    let generous = ClamdConfig {
        address: Some(server.address().to_string()),
        ..ClamdConfig::default()
    };
    let generous = Clamd::new(&generous).unwrap();
    let above = generous.scan(object(vec![7; 6 << 20]).await).await;
    assert!(matches!(above, Ok(Verdict::TooLarge) | Err(_)), "{above:?}");
}

/// Starts a server that treats each connection in one way.
async fn server<F, R>(treat: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    address
}

#[tokio::test]
async fn failures_of_the_scanner_are_never_clean_file_1() {
    // No program listens on this port.
    let closed = SocketAddr::from(([127, 0, 0, 1], 9));
    let silent = server(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let hangs_up = server(|stream| async move { drop(stream) }).await;
    let fails = server(|mut stream| async move {
        let mut content = vec![0; 1024];
        let _ = stream.read(&mut content).await;
        let _ = stream
            .write_all(b"stream: Can't allocate memory ERROR\0")
            .await;
    })
    .await;
    for address in [closed, hangs_up, fails] {
        let outcome = client(address).scan(object("hello").await).await;
        assert!(outcome.is_err(), "{outcome:?}");
    }
    let config = ClamdConfig {
        address: Some(silent.to_string()),
        timeout: Timeout::from_millis(200),
        ..ClamdConfig::default()
    };
    let outcome = Clamd::new(&config)
        .unwrap()
        .scan(object("hello").await)
        .await;
    assert!(matches!(outcome, Err(ScanError::TimedOut)), "{outcome:?}");
}

#[tokio::test]
async fn early_answer_to_large_content_is_read_file_1() {
    let limited = server(|mut stream| async move {
        let mut content = vec![0; 1024];
        let _ = stream.read(&mut content).await;
        let _ = stream
            .write_all(b"INSTREAM size limit exceeded. ERROR\0")
            .await;
    })
    .await;
    let outcome = client(limited).scan(object(vec![7; 3 << 20]).await).await;
    // A reset of the connection may overtake the response.
    assert!(
        matches!(outcome, Ok(Verdict::TooLarge) | Err(_)),
        "{outcome:?}"
    );
}
