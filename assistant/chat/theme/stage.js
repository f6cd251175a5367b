// The component that the answer streams into tells the page whenever it has changed.
watch("value", () => document.dispatchEvent(new CustomEvent("quipu:answer", { detail: element })));
