//! ZIA's feeds, Cloud Connector's and the proxies': goldens, properties, samples and templates.

#![cfg(test)]

mod golden;
mod print;
mod property;
mod samples;
mod settings;
mod template;
