use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::JoinHandle,
};

const APPEND: &str = "PATCH /uploads/";
const PIECE: usize = 8 * 1024;
/// The pieces of an append that pass differ from upload to upload, below the smallest content.
const MAX_PIECES: usize = 24;

/// A proxy that resets the connection of the first append of each upload after some of its bytes.
pub(crate) struct CuttingProxy {
    pub(crate) address: SocketAddr,
    cut: Cut,
    accepting: JoinHandle<()>,
}

/// The uploads whose connection was reset.
type Cut = Arc<Mutex<HashSet<String>>>;

impl CuttingProxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Cut::default();
        let shared = Arc::clone(&cut);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            cut,
            accepting,
        }
    }

    /// Returns the number of uploads whose connection was reset.
    pub(crate) fn cuts(&self) -> usize {
        self.cut.lock().unwrap().len()
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(client: TcpStream, server: SocketAddr, cut: Cut) {
    let server = TcpStream::connect(server).await.unwrap();
    // The client sees a reset.
    client.set_zero_linger().unwrap();
    let ((from_client, mut to_client), (mut from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::select! {
        () = send(from_client, to_server, &cut) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// Passes the bytes of a client, until it closes the connection or the proxy cuts it.
async fn send(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, cut: &Cut) {
    let (mut piece, mut pieces_left) = (vec![0; PIECE], None);
    while let Ok(length @ 1..) = client.read(&mut piece).await {
        // A client sends a request after the response to the previous one, so each request begins
        // a piece.
        if let Some(upload) = appended(&piece[..length]) {
            let mut cut = cut.lock().unwrap();
            let pieces = 2 + cut.len() % MAX_PIECES;
            pieces_left = cut.insert(upload).then_some(pieces);
        }
        if server.write_all(&piece[..length]).await.is_err() {
            return;
        }
        if let Some(left) = &mut pieces_left {
            *left -= 1;
            if *left == 0 {
                return;
            }
        }
    }
}

/// Returns the ID of the upload of an append that begins here.
fn appended(piece: &[u8]) -> Option<String> {
    let rest = piece.strip_prefix(APPEND.as_bytes())?;
    let id = rest.split(|byte| *byte == b' ').next()?;
    Some(String::from_utf8_lossy(id).into_owned())
}
