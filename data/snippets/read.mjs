
const found = await fetch(`${API}/json/2/{{model}}/search_read`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ domain: [], fields: ["display_name"], limit: 3 }),
});
if (!found.ok) {
    throw new Error(await found.text());
}
console.log(await found.json());
