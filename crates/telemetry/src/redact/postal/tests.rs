use std::borrow::Cow;

use proptest::prelude::*;

use crate::redact::{MASK, redact, shape};

#[test]
fn a_house_in_a_street_is_masked_in_the_order_of_english_obs_3() {
    for (text, masked) in [
        ("to 221B Baker Street now", "to *** now"),
        ("10 Downing St.", "***."),
        ("1600 Pennsylvania Avenue NW left", "*** left"),
        ("12-14 Old Kent Road", "***"),
        ("350 5th Ave", "***"),
        ("12 W 42nd Street", "***"),
        ("4 St. James's Square", "***"),
        ("7 MAIN STREET", "***"),
        ("7 Main street", "***"),
        ("q=12+Baker+Street", "q=***"),
        ("/search/12%20Baker%20Street/x", "/search/***/x"),
        ("at%2012%20Baker%20Street", "at%20***"),
        ("“12 Baker Street”", "“***”"),
        ("no. 5: 12 Baker Street, Error", "no. 5: ***, Error"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

#[test]
fn a_house_in_a_street_is_masked_in_the_order_of_french_obs_3() {
    for (text, masked) in [
        ("12 rue de la Paix", "***"),
        ("12, rue de la Paix was wrong", "*** was wrong"),
        ("12 bis, rue Monge", "***"),
        ("5 place Vendôme", "***"),
        ("8 avenue de l'Opéra", "***"),
        ("8 avenue de l’Opéra", "***"),
        ("4 allée des Érables", "***"),
        ("1 quai d'Orsay", "***"),
        ("3 impasse des lilas", "***"),
        ("7 rue du 8 Mai", "***"),
        ("7 rue victor", "***"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

#[test]
fn a_house_in_a_street_is_masked_in_the_order_of_the_continent_obs_3() {
    for (text, masked) in [
        ("to Musterstraße 12a now", "to *** now"),
        ("Hauptstrasse 5", "***"),
        ("Hauptstr. 5, then", "***, then"),
        ("Hauptstr.5", "***"),
        ("Lange Straße 7", "***"),
        ("Karl-Marx-Allee 12-14", "***"),
        ("Österreicherweg 3", "***"),
        ("Alexanderplatz 1", "***"),
        ("Judengasse 9", "***"),
        ("Kalverstraat 92", "***"),
        ("Mozartlaan 4", "***"),
        ("Hauptstra\u{df}e\u{a0}5", "***"),
        ("„Hauptstraße 5“", "„***“"),
        ("to=Calle Mayor 12", "to=***"),
        ("la calle de Alcalá, 42", "la ***"),
        ("Via Giuseppe Verdi 5", "***"),
        ("Piazza del Duomo 1", "***"),
        ("Rua Augusta 100", "***"),
        ("Calle%20Mayor%2012", "***"),
        ("Calle+Mayor+12", "***"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

#[test]
fn a_box_of_a_post_office_is_masked_obs_3() {
    for (text, masked) in [
        ("to P.O. Box 123 now", "to *** now"),
        ("PO Box 4", "***"),
        ("P. O. Box 123456", "***"),
        ("po box 12", "***"),
        ("Postfach 12 34 56", "***"),
        ("Postbus 20, then", "***, then"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

#[test]
fn the_town_is_masked_with_the_street_obs_3() {
    for (text, masked) in [
        ("12 rue de la Paix, 75002 Paris", "***"),
        ("12 rue de la Paix 75002 Paris is far", "*** is far"),
        ("221B Baker Street, London NW1 6XE", "***"),
        ("10 High Street, Bath, Somerset BA1 1AA; next", "***; next"),
        ("742 Evergreen Terrace, Springfield, IL 62704", "***"),
        ("1 Main St., New York, NY 10001-1234.", "***."),
        ("1 Main St, Apt 4B, San Francisco, California 94107", "***"),
        ("1 Main St #4, left", "***, left"),
        ("24 Sussex Drive, Ottawa ON K1M 1M4", "***"),
        ("Musterstraße 12a, 10115 Berlin", "***"),
        ("Musterstr. 12, D-60311 Frankfurt am Main", "***"),
        ("Kalverstraat 92, 1012 PH Amsterdam", "***"),
        ("Calle Mayor 12, 28013 Madrid", "***"),
        ("Rua Augusta 100, 1100-053 Lisboa", "***"),
        ("Postfach 12 34, 10115 Berlin", "***"),
        ("12 Baker Street\\nLondon NW1 6XE", "***"),
        ("12 Baker Street\nLondon NW1 6XE", "***"),
        ("12+rue+Monge%2C+75005+Paris", "***"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

/// Lines of the framework, and others that have a number beside words that streets are called by.
const HARMLESS: [&str; 41] = [
    "retry 3 Times",
    "5 requests took 3 ms",
    "listening on 8080",
    "took 12 ms on way out",
    "HTTP 404 Not Found",
    "HTTP/1.1 500 Internal Server Error",
    "3 Place orders",
    "5 place orders",
    "2 places left of 40 Places",
    "the event has 3 free places",
    "12 Avenue",
    "1 street",
    "9 Lives on the Road",
    "page 3 of 7, sorted by street",
    "Road 66",
    "version 2 Road map",
    "step 4 way ahead",
    "2 Events drive it",
    "3 court cases",
    "Box 4",
    "inbox 12, outbox 13",
    "PO 12",
    "weg 5 platz 3",
    "Weg 5",
    "Platz 12",
    "via Proxy 3",
    "Via Nginx 1.2",
    "via 2 proxies",
    "Strategy 5",
    "Str 5",
    "0.12 Main Street",
    "took 3.12 Baker Street",
    "123456 Main Street",
    "12% Main Street",
    "x12 Baker Street",
    "12x4 Baker Street",
    "GET /street/12 HTTP/1.1",
    "at line 12 column 7",
    "port 5432 Connection refused",
    "OpenSSL 3 Lane",
    "Calle Mayor",
];

#[test]
fn numbers_beside_other_words_are_left_alone_obs_3() {
    for text in HARMLESS {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
    }
}

/// What the framework says, with values as they are at run time.
const LINES: [&str; 34] = [
    "GET /event/v1/events/7 200 OK 3.125 ms",
    "HTTP/1.1 503 Service Unavailable",
    "cannot listen on 10.0.0.7:8443: Address already in use (os error 98)",
    "http://127.0.0.1:8080 http://[::1]:9900",
    "peer 10.4.0.12:51022 TLS handshake failed: received fatal alert: CertificateUnknown",
    "connect to 192.168.4.2:5432 refused: Connection refused (os error 111)",
    "no connection within 500ms",
    "no answer within 30s, attempt 3 of 5",
    "the body is larger than the limit of 65536 bytes",
    "the body is not valid JSON at line 1, column 12: EOF while parsing a string",
    "the body is not valid UTF-8 at byte 7",
    "record 12 is not what was written",
    "the chain ends at record 41, and the last one that is here is 40",
    "event 7 has 0 of 12 Places left",
    "the event has no free place",
    "a message is dropped after 5 attempts",
    "partition 3 Has New Owner",
    "partitions go to others before their messages are settled",
    "stopped, nothing was lost",
    "cut off at the limit of the phase: 2 tasks",
    "PostgreSQL 16.4 on x86_64-pc-linux-gnu",
    "Redis 7.2.4, Valkey 8.0.1, NATS 2.10.22, RabbitMQ 4.0.3",
    "SQLSTATE 23505 duplicate key",
    "SQLITE_BUSY 5 Database Is Locked",
    "550 5.1.1 Mailbox unavailable",
    "250 2.0.0 Ok 8BITMIME",
    "migration 12 add_street_to_users took 4 ms",
    "h2 protocol error: stream 3 Reset",
    "grpc-status 14 Unavailable",
    "RFC 9110, section 15.5.5",
    "worker 2 of 4 on its way, lease 30 s",
    "breaker payments open after 5 of 10 calls",
    "2026-11-22T12:30:45.123Z INFO orders 1.4.0 order 7 taken",
    "curl/8.5.0 Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
];

#[test]
fn lines_of_the_framework_are_left_as_they_are_obs_3() {
    for text in LINES {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
    }
}

proptest! {
    #[test]
    fn an_address_is_masked_wherever_it_stands_obs_3(
        before in "([a-z ,é\"]{0,20}[ (\"\n=/])?", number in 1..9_999_u32, letter in "[a-d]?", form in 0..5, name in "[A-Z][a-z]{3,12}",
        after in "([ ,;.)\"\n][a-z ,é]{0,20})?",
    ) {
        let house = format!("{number}{letter}");
        let address = match form {
            0 => format!("{house} {name} Street"),
            1 => format!("{house} rue {name}"),
            2 => format!("{name}straße {house}"),
            3 => format!("Calle {name} {house}"),
            _ => format!("{house} {name} Rd, {name} SW1A 1AA"),
        };
        let masked = redact(&format!("{before}{address}{after}")).into_owned();
        prop_assert!(!masked.contains(&name), "{}", masked);
        prop_assert!(masked.contains(MASK));
        prop_assert_eq!(redact(&masked), masked.as_str());
    }

    #[test]
    fn nothing_that_resembles_an_address_breaks_the_filter_obs_3(text in "(12|3a|-| |\\+|%20|\u{a0}|,|\\.|\n|rue|de|la|Paix|Place|Baker|Street|St|Calle|Via|Hauptstraße|straße|weg|P\\.O\\.|Box|NW1|6XE|75002|IL|é|“|’|\\PC){0,30}") {
        let once = redact(&text).into_owned();
        prop_assert!(redact(&once).matches(MASK).count() >= usize::from(once.contains(MASK)));
        prop_assert_eq!(shape::mask(&text), once);
    }
}
