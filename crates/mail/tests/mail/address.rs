use seaworthy_mail::MailAddress;

#[test]
fn bare_addresses_have_one_spelling_sec_6() {
    let bare = |text| MailAddress::parse_bare(text).map(|address| address.address().to_owned());
    for (text, expected) in [
        ("Ada+Town@Sub.Example.org", "ada+town@sub.example.org"),
        ("o'hara@x.ie", "o'hara@x.ie"),
        ("ada@MÜLLER.example", "ada@xn--mller-kva.example"),
        ("ada@ｅxample.org", "ada@example.org"),
        ("ada@example\u{3002}org", "ada@example.org"),
    ] {
        assert_eq!(bare(text).as_deref(), Ok(expected), "{text}");
    }
    let long = format!("ada@{}.org", "a.".repeat(130));
    for text in [
        "x1<ada@example.org>",
        "<ada@example.org>",
        "Ada <ada@example.org>",
        r#""ada"@example.org"#,
        r#""a\da"@example.org"#,
        "a\\da@example.org",
        "ada(1)@example.org",
        "@relay.example:ada@example.org",
        "ada@example.org,eve@example.org",
        "ada@@example.org",
        "ada@example.org.",
        "ada@example.org\u{3002}",
        "ada@[192.0.2.1]",
        "ada@[IPv6:2001:db8::1]",
        " ada@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "äda@example.org",
        "ada@",
        &long,
    ] {
        assert!(bare(text).is_err(), "{text}");
    }
}
