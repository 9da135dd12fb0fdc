// Where we are. The address is the only state of a view; this reads it and writes it.

import { type Place, readPlace, writePlace } from "../model/place";

class Navigation {
  place = $state.raw<Place>(readPlace(location.pathname, location.search));

  /** Reads the address again after the browser went back or forward. */
  follow(): void {
    addEventListener("popstate", () => (this.place = readPlace(location.pathname, location.search)));
  }

  /** Goes to a place; the way back leads here. */
  go(place: Place): void {
    const address = writePlace(place);
    if (address !== location.pathname + location.search) {
      const elsewhere = place.view !== this.place.view || (place.view === "trace" && this.place.view === "trace" && place.id !== this.place.id);
      history.pushState(null, "", address);
      if (elsewhere) scrollTo(0, 0);
    }
    this.place = place;
  }

  /** Changes the place without a step for the way back: what follows a hand that still moves. */
  adjust(place: Place): void {
    history.replaceState(null, "", writePlace(place));
    this.place = place;
  }
}

export const navigation = new Navigation();
