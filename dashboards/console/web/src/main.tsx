// Which page the address asks for. Links load the next document: there is no other router.
import { render, type JSX } from "preact";
import { language } from "./i18n";
import { AlertPage } from "./pages/alert";
import { BrandPage } from "./pages/brand";
import { OperationsPage } from "./pages/operations";
import { RoomPage } from "./pages/room";
import { StartPage } from "./pages/start";
import { apply } from "./settings";

function page(): JSX.Element {
  const [, kind = "", ...rest] = location.pathname.split("/");
  const id = decodeURIComponent(rest.join("/"));
  switch (kind) {
    case "room":
      return <RoomPage id={id} />;
    case "brand":
      return <BrandPage id={id} />;
    case "alert":
      return <AlertPage id={id} />;
    case "operations":
      return <OperationsPage />;
    default:
      return <StartPage />;
  }
}

apply(language);
const app = document.getElementById("app");
if (app) render(page(), app);
