//! Invented names.

pub(crate) const FIRST: &[&str] = &[
    "ana", "bo", "cleo", "dario", "edda", "felix", "gita", "hugo", "ines", "jonas", "kira", "leon", "mila",
    "nils", "olga", "pavel", "quirin", "rosa", "sven", "tara", "ugo", "vera", "wim", "xenia", "yuri", "zoe",
];

pub(crate) const LAST: &[&str] = &[
    "abel", "berg", "costa", "dorn", "engel", "falk", "gruen", "haas", "ilic", "jansen", "kern", "lund",
    "maier", "novak", "orban", "petri", "quast", "rossi", "stein", "tomas", "unger", "vidal", "weiss", "xu",
    "yilmaz", "zander",
];

/// The first are the largest.
pub(crate) const DEPARTMENTS: &[&str] = &[
    "Engineering",
    "Sales",
    "Support",
    "Operations",
    "Finance",
    "Marketing",
    "Logistics",
    "Human Resources",
    "Legal",
    "Research",
    "Procurement",
    "Executive Office",
];

pub(crate) const SERVICES: &[&str] = &[
    "claims",
    "billing",
    "orders",
    "crm",
    "wiki",
    "payroll",
    "tickets",
    "reports",
    "ledger",
    "pricing",
    "inventory",
    "catalogue",
    "shipping",
    "profiles",
    "search",
    "documents",
    "quotes",
    "calendar",
    "assets",
    "alerts",
    "tax",
    "fleet",
    "surveys",
    "badges",
];

pub(crate) const ENTITIES: &[&str] =
    &["items", "cases", "invoices", "accounts", "pages", "tasks", "files", "notes", "reports", "members"];

pub(crate) const SAAS: &[&str] = &[
    "mail", "drive", "chat", "video", "tasks", "board", "forms", "hr", "travel", "design", "notes", "sign",
    "code", "news", "maps", "bank",
];

/// Client Connector's posture profiles.
pub(crate) const POSTURES: &[&str] = &["disk-encrypted", "firewall-on", "os-current", "agent-running"];
