use tonic::{Code, Status, transport::Channel};

use crate::{
    app::SymbolsApp,
    calls::{channel, raw, reason},
};

async fn send(channel: &Channel, body: &[u8]) -> Status {
    let method = "/service.symbols.v1.SymbolsService/CreateSymbol";
    raw(channel, method, body).await
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], message].concat()
}

#[tokio::test]
async fn malformed_messages_are_codec_errors_api_3() {
    let service = SymbolsApp::start(&[]);
    let channel = channel(&service).await;
    // The prefix announces a gibibyte, and one byte follows.
    let status = send(&channel, &[0, 0x40, 0, 0, 0, 1]).await;
    let claimed = (status.code(), reason(&status));
    assert_eq!(
        claimed,
        (Code::ResourceExhausted, "BODY_TOO_LARGE".to_owned())
    );
    let deep = (0..300).fold(Vec::new(), |inner: Vec<u8>, _| {
        [&[0x7b], &inner[..], &[0x7c]].concat()
    });
    for (label, body) in [
        ("text that is not UTF-8", framed(b"\x1a\x02\xff\xff")),
        (
            "a field of a gibibyte",
            framed(&[0x42, 0x80, 0x80, 0x80, 0x80, 0x04, b'x']),
        ),
        (
            "a varint of eleven bytes",
            framed(b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ),
        ("text instead of a number", framed(b"\x12\x01x")),
        ("a field without a number", framed(b"\x00\x01")),
        ("300 nested groups", framed(&deep)),
    ] {
        let status = send(&channel, &body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{label}: {status:?}");
        assert_eq!(reason(&status), "CODEC", "{label}");
        assert!(!status.message().is_empty(), "{label}");
    }
    // A readable message is validated completely.
    let status = send(&channel, &framed(b"\x10\x00\x38\x00")).await;
    assert_eq!(reason(&status), "VALIDATION_ERROR");
    for field in [
        "project_id",
        "uid",
        "label",
        "class_name",
        "component_target",
        "version",
        "data",
    ] {
        assert!(status.message().contains(field), "{field}: {status:?}");
    }
}

#[tokio::test]
async fn malformed_frames_are_errors_api_3() {
    let service = SymbolsApp::start(&[]);
    let channel = channel(&service).await;
    for (label, body) in [
        ("an empty body", &b""[..]),
        ("half a prefix", b"\0\0"),
        ("half a message", b"\0\0\0\0\x05\x10"),
        ("compression without an encoding", b"\x01\0\0\0\x02\x10\x07"),
        ("an unknown flag", b"\x07\0\0\0\x02\x10\x07"),
    ] {
        let status = send(&channel, body).await;
        let is_expected = matches!(
            status.code(),
            Code::InvalidArgument | Code::Unimplemented | Code::Internal
        );
        assert!(is_expected, "{label}: {status:?}");
    }
    // The connection still works.
    let status = send(&channel, &framed(b"")).await;
    assert_eq!(reason(&status), "VALIDATION_ERROR");
}
