import { mount } from "svelte";
import "./style/tokens.css";
import "./style/base.css";
import App from "./views/App.svelte";
import { navigation } from "./parts/navigation.svelte";
import { preferences } from "./parts/preferences.svelte";

preferences.follow();
navigation.follow();

const target = document.getElementById("app");
if (target) mount(App, { target });
