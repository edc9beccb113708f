use proptest::prelude::*;

use super::*;

const SOUND: &str = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
    GET /b HTTP/1.1\r\nHost: b\r\nX: ä\r\n\r\n\
    \r\nPOST /c HTTP/1.1\r\nhost: c\r\ntransfer-encoding: Chunked\r\n\r\n3\r\na\nb\r\nA;x=y\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n\
    GET /d HTTP/1.1\r\nHost: d\r\n";

const REFUSED: [&str; 15] = [
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n",
    "POST / HTTP/1.1\r\nContent-Length: +1\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n",
    "POST / HTTP/1.1\r\nContent-Length:\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
];

fn framing() -> Framing {
    Framing::new(&LimitsConfig::default())
}

#[test]
fn sound_messages_pass_sec_3() {
    let mut framing = framing();
    assert_eq!(framing.scan(SOUND.as_bytes()), Ok(()));
    assert!(framing.is_within_head());
    assert_eq!(framing.scan(b"\r\n"), Ok(()));
    assert!(!framing.is_within_head());
}

#[test]
fn ambiguous_framing_is_rejected_sec_3() {
    for refused in REFUSED {
        assert!(framing().scan(refused.as_bytes()).is_err(), "{refused:?}");
    }
}

#[test]
fn long_chunk_extensions_are_rejected_sec_3() {
    let mut framing = framing();
    framing
        .scan(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        .unwrap();
    assert!(framing.scan(&[b'x'; 300]).is_err());
}

#[test]
fn upgraded_connection_is_not_scanned() {
    let mut framing = framing();
    let upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
    framing.scan(upgrade).unwrap();
    assert_eq!(framing.scan(b"\n \n\0anything"), Ok(()));
    assert!(!framing.is_within_head());
}

proptest! {
    #[test]
    fn the_cut_between_two_reads_changes_nothing_sec_3(
        cuts in proptest::collection::vec(0..SOUND.len(), 0..8),
        refused in 0..REFUSED.len(),
    ) {
        let whole = format!("{SOUND}\r\n{}", REFUSED[refused]);
        let mut framing = framing();
        let mut cuts: Vec<usize> = cuts;
        cuts.sort_unstable();
        let mut from = 0;
        for cut in cuts {
            prop_assert_eq!(framing.scan(&whole.as_bytes()[from..cut]), Ok(()));
            from = cut;
        }
        prop_assert!(framing.scan(&whole.as_bytes()[from..]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic_sec_3(bytes: Vec<u8>) {
        let mut framing = framing();
        if let Err(malformed) = framing.scan(&bytes) {
            prop_assert!(malformed.valid <= bytes.len());
        }
    }
}
