//! What happens in the cities of the first day.

/// An event that is going to be made.
pub(super) struct Planned {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) city: &'static str,
    pub(super) category: &'static str,
    pub(super) in_days: i64,
    pub(super) hour: u32,
    pub(super) hours: i64,
    pub(super) capacity: i32,
    /// How many of the people of the first day go.
    pub(super) going: usize,
    pub(super) is_published: bool,
}

const fn planned(
    title: &'static str,
    (city, category): (&'static str, &'static str),
    (in_days, hour, hours): (i64, u32, i64),
    (capacity, going): (i32, usize),
    description: &'static str,
) -> Planned {
    Planned {
        title,
        description,
        city,
        category,
        in_days,
        hour,
        hours,
        capacity,
        going,
        is_published: true,
    }
}

pub(super) const EVENTS: [Planned; 17] = [
    planned(
        "Late jazz in the old brewery",
        ("Berlin", "Music"),
        (1, 19, 3),
        (60, 5),
        "A trio, a piano that has seen better days, and the best acoustics of any cellar in the city.\n\nDoors open half an hour before. There is soup for those who come hungry.",
    ),
    planned(
        "Rust for people who like sleep",
        ("Berlin", "Tech"),
        (2, 17, 2),
        (40, 6),
        "Three short talks about services that do not wake you up at night, and time to show each other what broke last week.\n\nBring a laptop or just questions.",
    ),
    planned(
        "Supper for six strangers",
        ("Lisbon", "Food"),
        (2, 18, 3),
        (4, 4),
        "One table, four guests, two hosts who cannot stop cooking. The menu follows the market.\n\nSmall on purpose: there is a waitlist, and it moves.",
    ),
    planned(
        "Sunrise run along the river",
        ("Vienna", "Sports"),
        (3, 5, 1),
        (0, 4),
        "Seven slow kilometres and coffee afterwards. Nobody is left behind, everybody is welcome.",
    ),
    planned(
        "Life drawing, no talent needed",
        ("Paris", "Art"),
        (3, 18, 2),
        (18, 3),
        "Paper, charcoal and patient light. A model sits for twenty poses, from thirty seconds to twenty minutes.",
    ),
    planned(
        "Night walk: bats of the park",
        ("London", "Outdoors"),
        (4, 20, 2),
        (25, 4),
        "With detectors that make the inaudible audible. Wear something warm and leave the torch at home.",
    ),
    planned(
        "Repair café",
        ("Amsterdam", "Community"),
        (5, 11, 5),
        (80, 5),
        "Bring what is broken. Nine volunteers, a sewing machine, soldering irons and a great deal of tape.",
    ),
    planned(
        "How the city gets its water",
        ("Zurich", "Learning"),
        (5, 16, 2),
        (30, 2),
        "A tour behind doors that are usually locked, led by the engineer who has the keys.",
    ),
    planned(
        "Balkan brass on the square",
        ("Budapest", "Music"),
        (6, 17, 4),
        (0, 6),
        "Eleven players, no amplifiers. Bring shoes that you can dance in.",
    ),
    planned(
        "Postgres, explained by the people it woke",
        ("London", "Tech"),
        (7, 18, 2),
        (50, 5),
        "Locks, vacuum and the query that was fine yesterday. Stories with plans attached.",
    ),
    planned(
        "Sourdough from nothing",
        ("Copenhagen", "Food"),
        (8, 9, 4),
        (12, 4),
        "Flour, water, time. Everybody takes home a starter and a loaf, and knows why it rose.",
    ),
    planned(
        "Bouldering for beginners",
        ("Berlin", "Sports"),
        (9, 16, 2),
        (10, 3),
        "Shoes are there. Falling is taught first.",
    ),
    planned(
        "Linocut: print your street",
        ("Lisbon", "Art"),
        (10, 14, 4),
        (14, 2),
        "From a photograph of your front door to a print on good paper, in one afternoon.",
    ),
    planned(
        "Wild swimming, tides permitting",
        ("Lisbon", "Outdoors"),
        (12, 7, 2),
        (20, 1),
        "We meet at the lighthouse, look at the water, and decide together.",
    ),
    planned(
        "Board games and one big table",
        ("Vienna", "Community"),
        (13, 17, 5),
        (24, 4),
        "Forty games, eight seats at the big table. Newcomers choose first.",
    ),
    planned(
        "A gentle introduction to the night sky",
        ("Zurich", "Learning"),
        (16, 20, 3),
        (22, 3),
        "Two telescopes, one astronomer, and as many constellations as the clouds allow.",
    ),
    Planned {
        is_published: false,
        ..planned(
            "Open air cinema (looking for a wall)",
            ("Berlin", "Art"),
            (30, 20, 3),
            (120, 0),
            "A projector, a hundred cushions, and no wall yet. Nobody sees this before it is published.",
        )
    },
];
