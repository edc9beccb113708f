use tonic::{Code, Status, transport::Channel};

use crate::{
    calls::{channel, raw, reason},
    running::Running,
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
async fn bytes_that_no_client_of_the_contract_sends_get_a_clear_status_api_3() {
    let service = Running::start(&[]);
    let channel = channel(&service).await;
    // A message that claims a gibibyte, of which one byte comes.
    let status = send(&channel, &[0, 0x40, 0, 0, 0, 1]).await;
    let claimed = (status.code(), reason(&status));
    assert_eq!(
        claimed,
        (Code::ResourceExhausted, "BODY_TOO_LARGE".to_owned())
    );
    let deep = (0..300).fold(Vec::new(), |inner: Vec<u8>, _| {
        [&[0x7b], &inner[..], &[0x7c]].concat()
    });
    for (what, body) in [
        ("a text that is not UTF-8", framed(b"\x1a\x02\xff\xff")),
        (
            "bytes that claim a gibibyte",
            framed(&[0x42, 0x80, 0x80, 0x80, 0x80, 0x04, b'x']),
        ),
        (
            "a varint of eleven bytes",
            framed(b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ),
        ("a text where a number belongs", framed(b"\x12\x01x")),
        ("a field without a number", framed(b"\x00\x01")),
        ("groups without end", framed(&deep)),
    ] {
        let status = send(&channel, &body).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status:?}");
        assert_eq!(reason(&status), "CODEC", "{what}");
        assert!(!status.message().is_empty(), "{what}");
    }
    // What can be read is judged as a whole.
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
async fn a_body_that_is_no_message_at_all_gets_a_clear_status_api_3() {
    let service = Running::start(&[]);
    let channel = channel(&service).await;
    for (what, body) in [
        ("nothing", &b""[..]),
        ("half a prefix", b"\0\0"),
        ("half a message", b"\0\0\0\0\x05\x10"),
        (
            "a compression that was not agreed",
            b"\x01\0\0\0\x02\x10\x07",
        ),
        ("a flag that nobody knows", b"\x07\0\0\0\x02\x10\x07"),
    ] {
        let status = send(&channel, body).await;
        let is_clear = matches!(
            status.code(),
            Code::InvalidArgument | Code::Unimplemented | Code::Internal
        );
        assert!(is_clear, "{what}: {status:?}");
    }
    // The connection and the service are as before.
    let status = send(&channel, &framed(b"")).await;
    assert_eq!(reason(&status), "VALIDATION_ERROR");
}
